// What one key may cost a server: sessions that send as much as they may where nobody can read it.
//
//   mtcp-server --key-file KEYS --memory 512MB --listen 127.0.0.1:8443 &
//   build/release/tests/bench/hostile_sessions KEYS 8443 $! 16
//
// Each session sends 14,000 streams that nobody opens, with a hole in front of each: 115 MB. Prints what the server's
// process held at most (VmHWM), and how many sessions it threw out. A download by another key of the file, beside it,
// shows what others notice.
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/net/tls/handshake.hpp"

namespace mtcp {
namespace {

constexpr std::size_t streams = 14'000, payload = 8'191;

struct totals {
  std::uint64_t bytes = 0;
  int thrown_out = 0, refused = 0;
};

std::vector<std::byte> held_data(core::stream_id stream) {
  std::vector<std::byte> out(64 + payload);
  const std::size_t fields = core::put_frame(out, core::frame_type::data, stream, 1U);
  core::put_frame_header(std::span(out).first<core::frame_header_size>(), core::frame_type::data,
                         fields - core::frame_header_size + payload);
  out.resize(fields + payload);
  return out;
}

task<bool> begin(secure_channel& channel, const tls_context& tls, const key& own) {
  error_code error = co_await channel.connect(tls, own);
  core::hello create;
  create.bridge = 1;
  if (!error) error = co_await send_hello(channel, create);
  if (error) co_return false;
  const auto welcome = co_await receive_welcome(channel);
  co_return welcome && welcome->message.status == core::welcome_status::ok;
}

task<> flood(tcp::endpoint where, const key& own, totals& all) {
  const auto here = co_await asio::this_coro::executor;
  tcp::socket socket(here);
  auto [error] = co_await socket.async_connect(where, use_result);
  if (error) co_return;
  const tls_context tls = tls_context::client();
  secure_channel channel(std::move(socket));
  const bool begun = co_await begin(channel, tls, own);
  if (!begun) {
    ++all.refused;
    co_return;
  }
  for (core::stream_id next = 1; !error && next <= streams;) {
    for (int i = 0; i < 64 && !error; ++i) error = channel.write(held_data(next++));
    if (!error) error = co_await channel.flush_all();
    if (!error) all.bytes += 64 * payload;
  }
  if (error) ++all.thrown_out;
  std::vector<core::slice> ignored;
  for (int reads = 0; !error && reads < 100; ++reads) error = co_await channel.read(ignored);
}

std::string peak_of(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return line.substr(6);
  return " unknown";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4) {
    std::puts("usage: hostile_sessions KEY-FILE PORT PID-OF-THE-SERVER SESSIONS");
    return 64;
  }
  const key_ring keys = load_key_file(arguments[0]);
  const tcp::endpoint where(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(arguments[1])));
  asio::io_context io(1);
  totals all;
  for (int left = std::stoi(arguments[3]); left > 0; --left)
    spawn(io.get_executor(), flood(where, *keys.entries().front(), all));
  io.run_for(std::chrono::minutes(2));
  std::printf("%.0f MB sent, %d sessions thrown out, %d refused; the server held at most%s\n",
              static_cast<double>(all.bytes) / 1e6, all.thrown_out, all.refused, peak_of(arguments[2]).c_str());
  return 0;
}

}  // namespace
}  // namespace mtcp

int main(int argc, char** argv) { return mtcp::run({argv + 1, argv + argc}); }
