// Reaches destinations: resolves a name once, asks for every address whether it is permitted, and connects to the very
// addresses that passed, so that a second, different answer cannot slip in between (DNS rebinding).
//
// Threads: one. The resolver and the rules must outlive the dialer, and the rules may change between dials.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/dial/rules.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

struct dial_options {
  std::chrono::milliseconds timeout{10'000};  ///< for the name and the connection together
  std::chrono::milliseconds stagger{250};     ///< between attempts to reach different addresses (RFC 8305, section 5)
  std::chrono::seconds keep_alive{60};        ///< see platform::set_keep_alive()
  std::uint32_t mark = 0;                     ///< SO_MARK (Linux); 0 for none
};

/// How many addresses of a name are tried side by side, at most.
inline constexpr std::size_t attempts_at_once = 4;

/// A connection, or why there is none.
struct dialed {
  result<tcp::socket> socket;
  core::refusal why = core::refusal::general;  ///< if there is no socket
};

/// Whether an address may be reached. It is called while a dial lasts.
using permission = std::function<bool(const tcp::endpoint&)>;

/// What a client is told when dialling ended with `error`.
core::refusal to_refusal(const error_code& error) noexcept;

class dialer {
 public:
  dialer(resolver& names, const rules& allowed, dial_options options = {})
      : dialer(
            names, [&allowed](const tcp::endpoint& to) { return allowed.permits(to); }, options) {}
  dialer(resolver& names, permission allowed, dial_options options = {})
      : names_(names), allowed_(std::move(allowed)), options_(options) {}

  /// For connections to come.
  void set_keep_alive(std::chrono::seconds idle) { options_.keep_alive = idle; }

  /// The socket comes prepared (platform::prepare), with urgent data in its place among the rest. Addresses that are
  /// not permitted are passed over; if there is no other the refusal is `policy`. At most 8 addresses are tried,
  /// `at_once` side by side: as many descriptors are in use.
  task<dialed> dial(core::target to, std::size_t at_once = attempts_at_once) { return dial(to, at_once, allowed_); }
  /// The same, for somebody who may reach something else.
  task<dialed> dial(core::target to, std::size_t at_once, permission allowed);

 private:
  resolver& names_;
  permission allowed_;
  dial_options options_;
};

}  // namespace mtcp
