#include "socks_session.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/write.hpp>
#include <cstring>
#include <optional>
#include <span>

#include "mtcp/net/address.hpp"
#include "mtcp/net/deadline.hpp"
#include "mtcp/net/refusal.hpp"
#include "mtcp/net/relay.hpp"
#include "mtcp/socks/protocol.hpp"
#include "mtcp/socks/socks5.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
constexpr auto farewell_limit = 2s;

/// What has been read and not yet understood.
class input {
 public:
  explicit input(tcp::socket& from) : from_(from) {}

  std::span<const std::byte> bytes() const { return std::span(data_).first(size_); }
  void drop(std::size_t n) {
    size_ -= n;
    std::memmove(data_.data(), data_.data() + n, size_);
  }
  /// False at the end of file, on an error, and when there is no room.
  task<bool> more() {
    const auto room = asio::buffer(data_) + size_;
    const auto [error, size] = co_await from_.async_read_some(room, use_result);
    size_ += size;
    co_return !error;
  }

 private:
  tcp::socket& from_;
  std::array<std::byte, 4096> data_;  // larger than any message; what follows the last one rides with OPEN
  std::size_t size_ = 0;
};
static_assert(4096 > socks::max_greeting_size + socks::max_request_size);

/// Reads until `decode` is certain, and drops the message. It still needs more if the application has gone.
template <class Decoded>
task<Decoded> next_message(input& in, Decoded (*decode)(std::span<const std::byte>)) {
  Decoded message = decode(in.bytes());
  while (message.needs_more()) {
    if (!co_await in.more()) co_return message;
    message = decode(in.bytes());
  }
  in.drop(message.size());
  co_return message;
}

task<bool> send(tcp::socket& to, std::span<const std::byte> bytes) {
  const auto all = asio::buffer(bytes.data(), bytes.size());
  const auto [error, size] = co_await asio::async_write(to, all, use_result);
  co_return !error;
}

/// Closes behind an answer. Closing while input is unread would reset the connection, and the answer could be lost.
task<> farewell(tcp::socket& to) {
  const deadline limit(to, farewell_limit);
  error_code error;
  to.shutdown(tcp::socket::shutdown_send, error);
  std::array<std::byte, 512> rest;
  const auto into = asio::buffer(rest);
  while (!error) std::tie(error, std::ignore) = co_await to.async_read_some(into, use_result);
}

task<> refuse(tcp::socket& application, socks::reply why) {
  const socks::encoded_reply answer(why, {});
  if (co_await send(application, answer.bytes())) co_await farewell(application);
}

/// True once no authentication is agreed on.
task<bool> greet(tcp::socket& application, input& in) {
  const auto greeting = co_await next_message(in, socks::decode_greeting);
  if (!greeting) co_return false;
  const socks::method chosen = socks::choose(greeting.value(), socks::method::none);
  const auto choice = socks::encode_choice(chosen);
  const bool sent = co_await send(application, choice);
  if (sent && chosen == socks::method::no_acceptable) co_await farewell(application);
  co_return sent&& chosen != socks::method::no_acceptable;
}

/// What the application wants, and the bytes that it sent behind its request.
struct wish {
  core::target to;
  std::vector<std::byte> early;
};

task<std::optional<wish>> read_request(tcp::socket& application, input& in) {
  const auto request = co_await next_message(in, socks::decode_request);
  std::optional<socks::reply> refusal;
  if (request.failed()) refusal = request.error();
  if (request && request.value().what != socks::command::connect) refusal = socks::reply::command_not_supported;
  if (refusal) co_await refuse(application, *refusal);
  if (!request || refusal) co_return std::nullopt;
  const auto early = in.bytes();
  co_return wish{request.value().to, {early.begin(), early.end()}};
}

/// Empty if there is nothing more to do for this application. Its buffer is gone when the relay begins.
task<std::optional<wish>> handshake(tcp::socket& application, std::chrono::milliseconds limit) {
  const deadline end(application, limit);
  input in(application);
  if (!co_await in.more()) co_return std::nullopt;
  if (socks::protocol_of(in.bytes().front()) != socks::protocol::socks5) co_return std::nullopt;
  if (!co_await greet(application, in)) co_return std::nullopt;
  co_return co_await read_request(application, in);
}

socks::reply reply_to(const error_code& error) {
  const auto refusal = refusal_of(error);
  return refusal ? socks::reply_to(*refusal) : socks::reply::general_failure;
}

}  // namespace

task<> serve_socks(tunnel& through, tcp::socket application, std::chrono::milliseconds limit) {
  std::optional<wish> wanted = co_await handshake(application, limit);
  if (!wanted) co_return;
  core::target to = wanted->to;
  auto [error, remote] = co_await through.async_open(std::move(to), wanted->early, use_result);
  spdlog::debug("socks {}: {}", to_string(wanted->to), error ? error.message() : "open");
  if (error) co_return co_await refuse(application, reply_to(error));
  const socks::encoded_reply answer(socks::reply::succeeded, remote.bound());
  wanted.reset();
  if (!co_await send(application, answer.bytes())) co_return;
  co_await relay(std::move(remote), std::move(application));
}

}  // namespace mtcp::client
