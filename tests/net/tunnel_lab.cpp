#include "net/tunnel_lab.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>

namespace mtcp::test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::uint64_t word_at(std::uint64_t index) { return (index + 1) * 0x9e3779b97f4a7c15u; }

task<> echo(stream& peer) {
  std::vector<core::slice> slices;
  while (true) {
    auto [error, size] = co_await peer.async_read_slices(slices, 256 * 1024, use_result);
    if (error == asio::error::eof) co_return peer.shutdown_send();
    if (error) co_return;
    auto [failed, sent] = co_await peer.async_write_slices(slices, use_result);
    if (failed) co_return;
  }
}

task<> sink(stream& peer) {
  const received got = co_await receive_all(peer);
  const std::string verdict = std::to_string(got.size) + (got.intact ? " intact" : " broken");
  const error_code error = co_await send_text(peer, verdict);
  if (!error) peer.shutdown_send();
}

task<> both(stream& peer, std::uint64_t size) {
  std::optional<received> got;
  timer done(peer.get_executor(), timer::time_point::max());
  const auto read = [](stream& from, std::optional<received>& out, timer& finished) -> task<> {
    out = co_await receive_all(from);
    finished.cancel();
  };
  spawn(peer.get_executor(), read(peer, got, done));
  co_await send_all(peer, size);
  while (!got) {
    auto [ignored] = co_await done.async_wait(use_result);
    static_cast<void>(ignored);
  }
}

// One byte, then one direction ends.
task<> end_one(stream& peer, bool sending) {
  co_await receive_text(peer, 1);
  if (sending) {
    peer.reset_send();
    co_await receive_all(peer);
  } else {
    peer.stop_receive();
    co_await send_all(peer, mebibyte);
  }
}

}  // namespace

// ---- content ----

void fill(std::span<std::byte> out, std::uint64_t offset) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t at = offset + i;
    const std::uint64_t word = word_at(at / 8);
    const std::size_t skip = at % 8;
    const std::size_t size = std::min<std::size_t>(8 - skip, out.size() - i);
    std::memcpy(out.data() + i, reinterpret_cast<const char*>(&word) + skip, size);
    i += size;
  }
}

std::optional<std::uint64_t> first_difference(std::span<const std::byte> got, std::uint64_t offset) {
  std::vector<std::byte> expected(got.size());
  fill(expected, offset);
  const auto wrong = std::mismatch(got.begin(), got.end(), expected.begin()).first;
  if (wrong == got.end()) return {};
  return offset + static_cast<std::uint64_t>(wrong - got.begin());
}

task<received> receive_all(stream& from) {
  received got;
  std::vector<core::slice> slices;
  while (!got.end) {
    slices.clear();
    auto [error, size] = co_await from.async_read_slices(slices, mebibyte, use_result);
    got.end = error;
    for (const core::slice& bytes : slices) {
      got.intact = got.intact && !first_difference(bytes.bytes(), got.size);
      got.size += bytes.size();
    }
  }
  co_return got;
}

task<error_code> send_all(stream& to, std::uint64_t size) {
  std::vector<core::slice> slices;
  for (std::uint64_t offset = 0; offset < size;) {
    const core::chunk_ref chunk = core::chunk_ref::make();
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.capacity(), size - offset));
    fill({chunk.data(), part}, offset);
    slices.emplace_back(chunk, 0, part);
    offset += part;
    auto [error, sent] = co_await to.async_write_slices(slices, use_result);
    if (error) co_return error;
  }
  to.shutdown_send();
  co_return error_code();
}

task<error_code> send_text(stream& to, std::string text) {
  auto [error, size] = co_await asio::async_write(to, asio::buffer(text), use_result);
  co_return error;
}

task<std::string> receive_text(stream& from, std::size_t size) {
  std::string text(size, '\0');
  auto [error, got] = co_await asio::async_read(from, asio::buffer(text), use_result);
  text.resize(got);
  co_return text;
}

// ---- the fixture ----

tunnel_lab::tunnel_lab() {
  server_options_.keys.add(key_);
  server_options_.listen = {tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
}

// The order in which programs end: nothing may be left running, and nothing may touch what is gone.
tunnel_lab::~tunnel_lab() {
  if (tunnel_) tunnel_->stop();
  if (server_) server_->stop();
  EXPECT_TRUE(reaches([&] { return running_ == 0; })) << "run() has not returned";
}

void tunnel_lab::start_server(std::uint16_t port) {
  acceptor_options options = server_options_;
  options.listen.front().port(port);
  server_ = std::make_unique<acceptor>(io_, std::move(options));
  spawn(io_.get_executor(), counted(server_->run()));
  spawn(io_.get_executor(), serve(*server_));
}

void tunnel_lab::stop_server() {
  const int before = running_;
  server_->stop();
  ASSERT_TRUE(reaches([&] { return running_ < before; }));
  server_.reset();
}

tunnel_options tunnel_lab::options_for(tcp::endpoint to, unsigned bridges) const {
  tunnel_options options{.key = key_};
  options.paths.emplace_back();
  options.paths.front().host = to.address().to_string();
  options.paths.front().port = to.port();
  options.paths.front().bridges = bridges;
  return options;
}

void tunnel_lab::start_tunnel(unsigned bridges, std::optional<tcp::endpoint> through) {
  start_tunnel(options_for(through.value_or(server_endpoint()), bridges));
}

void tunnel_lab::start_tunnel(const tunnel_options& options) {
  std::size_t bridges = 0;
  for (const path_options& path : options.paths) bridges += path.bridges;
  run_tunnel(options);
  ASSERT_EQ(run_for(tunnel_->wait_up(bridges)), error_code());
}

void tunnel_lab::run_tunnel(tunnel_options options) {
  tunnel_ = std::make_unique<tunnel>(io_, std::move(options));
  spawn(io_.get_executor(), counted(tunnel_->run()));
}

task<> tunnel_lab::counted(task<> what) {
  ++running_;
  co_await std::move(what);
  --running_;
}

void tunnel_lab::run(task<> what) {
  bool over = false;
  asio::co_spawn(io_.get_executor(), std::move(what), [&over](std::exception_ptr escaped) {
    over = true;
    if (escaped) std::rethrow_exception(escaped);
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  io_.restart();
  while (!over && io_.run_one_until(end) != 0) {
  }
  if (!over) throw std::runtime_error("still not over after a minute");
}

task<stream> tunnel_lab::open(std::string host, std::uint16_t port) {
  core::target to{std::move(host), port};
  auto [error, opened] = co_await tunnel_->async_open(std::move(to), {}, use_result);
  if (error) throw boost::system::system_error(error);
  co_return std::move(opened);
}

// ---- the server application ----

task<> tunnel_lab::serve(acceptor& from) {
  while (true) {
    auto [error, request] = co_await from.async_accept(use_result);
    if (error) co_return;
    spawn(io_.get_executor(), serve_one(std::move(request)));
  }
}

task<> tunnel_lab::serve_one(incoming request) {
  const core::target to = request.target();
  if (to.host == "refuse") co_return request.refuse(static_cast<core::refusal>(to.port));
  if (to.host == "silent") co_return unanswered_.push_back(std::move(request));
  const core::target bound{"192.0.2.1", 4711};
  stream peer = request.answer(bound);
  const std::uint64_t size = to.port * mebibyte;
  if (to.host == "hold") held_.push_back(std::move(peer));
  if (to.host == "echo") co_await echo(peer);
  if (to.host == "source") co_await send_all(peer, size);
  if (to.host == "sink") co_await sink(peer);
  if (to.host == "both") co_await both(peer, size);
  if (to.host == "reset-send") co_await end_one(peer, true);
  if (to.host == "stop-receive") co_await end_one(peer, false);
  if (to.host == "reset") {
    co_await receive_text(peer, 1);
    co_return peer.reset();
  }
  peer.close();
}

}  // namespace mtcp::test
