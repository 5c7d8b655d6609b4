// The dialogue with one application on the local port, before its bytes are relayed: what it has sent, the answers, and
// the limit of time.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/deadline.hpp"
#include "newcomers.hpp"

namespace mtcp::client {

class dialogue {
 public:
  /// Holds the head of any HTTP request that is worth an answer.
  static constexpr std::size_t buffer_size = 32 * 1024;

  /// The socket is closed once `limit` has passed; what waits for it then fails.
  dialogue(tcp::socket application, std::chrono::milliseconds limit);
  dialogue(const dialogue&) = delete;
  dialogue& operator=(const dialogue&) = delete;

  tcp::socket& socket() noexcept { return socket_; }
  boost::beast::flat_buffer& buffer() noexcept { return buffer_; }

  /// What has been read and not dropped.
  std::span<const std::byte> bytes() const;
  void drop(std::size_t n) { buffer_.consume(n); }
  /// Reads once. False at the end of file, on an error, and when there is no room.
  task<bool> more();
  /// The same, but gives up after `patience`.
  task<> more_within(std::chrono::milliseconds patience);

  task<bool> send(std::span<const std::byte> bytes);
  task<bool> send(std::string_view text) { return send(std::as_bytes(std::span(text))); }
  /// Closes behind what was sent. Closing while input is unread would reset the connection, and an answer could be
  /// lost.
  task<> farewell();
  /// An answer behind which nothing follows.
  task<> send_last(std::span<const std::byte> bytes);
  task<> send_last(std::string_view text) { return send_last(std::as_bytes(std::span(text))); }

  void set_limit(std::chrono::milliseconds limit) { limit_.emplace(socket_, limit); }
  void lift_limit() { limit_.reset(); }
  /// The application has to log in, and is one of these until it has.
  void must_log_in(newcomers& among) { newcomer_.emplace(among, socket_); }
  void logged_in(std::string name) {
    newcomer_.reset();
    user_ = std::move(name);
  }
  /// Who has logged in; empty if nobody had to.
  const std::string& user() const noexcept { return user_; }
  /// The socket, for the relay; nothing else may be called afterwards.
  tcp::socket release();

 private:
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_{buffer_size};
  std::optional<deadline> limit_;
  std::optional<newcomers::stay> newcomer_;
  std::string user_;
};

/// Reads until `decode` has a result, and drops the message. The result still needs more if the application has gone.
template <class Decoded>
task<Decoded> next_message(dialogue& with, Decoded (*decode)(std::span<const std::byte>)) {
  Decoded message = decode(with.bytes());
  while (message.needs_more()) {
    if (!co_await with.more()) co_return message;
    message = decode(with.bytes());
  }
  with.drop(message.size());
  co_return message;
}

}  // namespace mtcp::client
