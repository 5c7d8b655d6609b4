// Reaches the destinations of streams: resolves a name once, checks every address against the rules and connects to the
// very addresses that passed, so that a second, different answer cannot slip in between (DNS rebinding).
//
// Threads: one. The resolver and the rules must outlive the dialer, and the rules may change between dials.
#pragma once

#include <chrono>

#include "mtcp/address.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/dial/rules.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

struct dial_options {
  std::chrono::milliseconds timeout{10'000};  ///< for the name and the connection together
  std::chrono::milliseconds stagger{250};     ///< between attempts to reach different addresses (RFC 8305, section 5)
};

/// How many addresses of a name are tried side by side, at most.
inline constexpr std::size_t attempts_at_once = 4;

/// A connection, or why there is none.
struct dialed {
  result<tcp::socket> socket;
  core::refusal why = core::refusal::general;  ///< if there is no socket
};

/// What a client is told when dialling ended with `error`.
core::refusal to_refusal(const error_code& error) noexcept;

class dialer {
 public:
  dialer(resolver& names, const rules& allowed, dial_options options = {})
      : names_(names), allowed_(allowed), options_(options) {}

  /// The socket comes prepared (platform::prepare). Addresses that the rules forbid are passed over;
  /// if there is no other the refusal is `policy`. At most 8 addresses are tried, `at_once` side by side: as many
  /// descriptors are in use.
  task<dialed> dial(core::target to, std::size_t at_once = attempts_at_once);

 private:
  resolver& names_;
  const rules& allowed_;
  dial_options options_;
};

}  // namespace mtcp
