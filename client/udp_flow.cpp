#include "udp_flow.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <utility>

namespace mtcp::client {
namespace {

// Until the association is open: a round trip. A connection of QUIC begins with two or three datagrams.
constexpr std::size_t most_early = 8;
constexpr std::size_t most_early_bytes = 16 * 1024;

}  // namespace

udp_flow::udp_flow(const executor& where, std::shared_ptr<const local_port> with, const udp::endpoint& source,
                   answer_sockets& answers)
    : executor_(where),
      with_(std::move(with)),
      source_(source),
      origin_{unmapped(source.address())},
      answers_(answers),
      idle_(where),
      parts_(where, [this](const std::exception_ptr&) { stop(); }) {}

task<> udp_flow::run() {
  parts_.start(watch());
  co_await parts_.wait();
}

void udp_flow::take(std::span<const std::byte> datagram, const udp::endpoint& to) {
  if (stopped_) return;
  last_used_ = clock::now();
  patience_.sent(to.port());
  core::target peer{to.address().to_string(), to.port()};
  router& ways = *with_->ways;
  switch (ways.way_to(peer, proxy::transport::udp, origin_).to) {
    case proxy::route::tunnel:
      return send_through(std::move(peer), datagram);
    case proxy::route::direct:
      return send_directly(std::move(peer), datagram);
    case proxy::route::block:
      return ways.connections().blocked_datagram();
  }
}

// ---- through the tunnel ----

void udp_flow::send_through(core::target to, std::span<const std::byte> datagram) {
  if (through_) {
    through_->send(to, datagram);
    return;
  }
  keep(std::move(to), datagram);
  if (!std::exchange(opening_, true)) parts_.start(carry());
}

void udp_flow::keep(core::target to, std::span<const std::byte> datagram) {
  if (early_.size() >= most_early || early_bytes_ + datagram.size() > most_early_bytes) return;
  early_bytes_ += datagram.size();
  early_.push_back({std::move(to), {datagram.begin(), datagram.end()}});
}

task<> udp_flow::carry() {
  core::target nowhere;
  const std::span<const std::byte> nothing;
  auto until_stopped = asio::bind_cancellation_slot(given_up_.slot(), use_result);
  auto [error, carrier] = co_await with_->through.async_open(std::move(nowhere), nothing, until_stopped);
  spdlog::debug("transparent udp of {}: {}", to_string({source_.address().to_string(), source_.port()}),
                error ? error.message() : "open");
  if (stopped_) co_return;
  if (error) co_return give_up_tunnel();
  through_.emplace(std::move(carrier));
  for (const waiting& one : std::exchange(early_, {})) through_->send(one.to, one.bytes);
  co_await download();
}

/// What is sent later may have another try.
void udp_flow::give_up_tunnel() {
  early_.clear();
  early_bytes_ = 0;
  opening_ = false;
  if (!exit_) stop();
}

task<> udp_flow::download() {
  for (;;) {
    const auto [error, datagram] = co_await through_->async_receive(use_result);
    if (error) break;
    const auto peer = parse_address(datagram.peer.host);  // servers name addresses
    if (peer) answer(datagram.payload.bytes(), {unmapped(*peer), datagram.peer.port});
  }
  stop();
}

// ---- past it ----

void udp_flow::send_directly(core::target to, std::span<const std::byte> datagram) {
  if (exit_ || open_exit()) exit_->send({std::move(to), core::slice::copy_of(datagram)});
}

bool udp_flow::open_exit() {
  auto opened = with_->ways->open_exit(
      executor_, origin_,
      [this](std::span<const std::byte> datagram, const udp::endpoint& from) { answer(datagram, from); });
  spdlog::debug("transparent udp of {}: {}", to_string({source_.address().to_string(), source_.port()}),
                opened ? "open, direct" : opened.error().message());
  if (!opened) return false;
  exit_ = std::move(*opened);
  parts_.start(exit_->run());
  return true;
}

// ---- and back ----

void udp_flow::answer(std::span<const std::byte> datagram, const udp::endpoint& from) {
  last_used_ = clock::now();
  patience_.answered();
  if (const error_code error = answers_.send(datagram, from, source_))
    spdlog::debug("transparent udp from {}: {}", to_string({from.address().to_string(), from.port()}), error.message());
}

task<> udp_flow::watch() {
  while (!stopped_ && clock::now() < last_used_ + patience_.now()) {
    idle_.expires_at(last_used_ + patience_.now());
    co_await idle_.async_wait(use_result);
  }
  stop();
}

void udp_flow::stop() {
  stopped_ = true;
  if (through_) {
    through_->close();
  } else {
    given_up_.emit(asio::cancellation_type::all);
  }
  if (exit_) exit_->close();
  idle_.cancel();
}

}  // namespace mtcp::client
