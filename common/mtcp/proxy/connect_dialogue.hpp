// What a client says to a proxy until it is connected to the server, and what it makes of the answers. Pure: no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mtcp/proxy/password.hpp"
#include "mtcp/proxy/rejection.hpp"
#include "mtcp/proxy_options.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// Whoever drives it sends what take_output() returns, hands over what comes, and again until it is over().
class connect_dialogue {
 public:
  /// `server.host` is one (core::is_host).
  connect_dialogue(const proxy_options& by, core::target server);

  /// What to send before the next answer.
  std::vector<std::byte> take_output() { return std::exchange(output_, {}); }
  /// What has come from the proxy, any part of it. Returns how much of it belongs to the dialogue so far; the rest
  /// comes again, in answer to what is to be sent now, or is the server's. It holds 8 KiB of it at most.
  std::size_t take(std::span<const std::byte> bytes);
  /// The proxy has ended the connection.
  void ended();

  bool connected() const noexcept { return expects_ == answer::none && !rejected_; }
  bool over() const noexcept { return expects_ == answer::none; }
  /// Why it is not connected.
  const std::optional<rejection>& rejected() const noexcept { return rejected_; }
  /// The proxy knows which server is meant.
  bool has_asked() const noexcept { return expects_ == answer::reply || expects_ == answer::head; }

 private:
  enum class answer : std::uint8_t { choice, login, reply, head, none };

  std::size_t understand();
  std::size_t on_choice();
  std::size_t on_login_answer();
  std::size_t on_reply();
  std::size_t on_head();
  bool has_login() const { return !login_.name.empty(); }
  std::size_t room() const;
  void say(std::vector<std::byte> output, answer expected);
  void reject(rejection why);

  core::target server_;
  credentials login_;
  answer expects_ = answer::none;
  std::vector<std::byte> output_;
  std::vector<std::byte> heard_;  // of the answer that is expected
  std::optional<rejection> rejected_;
};

}  // namespace mtcp::proxy
