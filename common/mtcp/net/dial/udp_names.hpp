// Which address of a name the datagrams of an association go to. UDP has no handshake that would tell which one leads
// anywhere, so the first is one that this machine has a route to (RFC 6724, section 6, rule 1), and as long as nothing
// has come back from it, what the application sends again goes to the next one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/address.hpp"

namespace mtcp {

/// Whether the kernel has a route to it; nothing is sent.
bool has_route(const ip_address& address);

/// Pure but for what `reachable` asks; time is a parameter.
class udp_names {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds patience{250};  ///< with an address that has not answered
  static constexpr std::size_t max_names = 64;               ///< are remembered; then all are forgotten

  explicit udp_names(std::function<bool(const ip_address&)> reachable = has_route) : reachable_(std::move(reachable)) {}

  /// Addresses to send the next datagram to until sending succeeds, best first. `found` are those that the rules allow.
  std::vector<ip_address> order(const std::string& name, const std::vector<ip_address>& found, clock::time_point now);
  /// It went to this address of `name`.
  void sent(const std::string& name, const ip_address& to, clock::time_point now);
  /// Something came from there.
  void heard(const ip_address& from);

 private:
  struct entry {
    std::vector<ip_address> found;  // as given
    std::vector<ip_address> order;  // the one in use first
    bool tried = false, answered = false;
    clock::time_point since{};  // when the one in use was tried first
  };
  entry& entry_of(const std::string& name, const std::vector<ip_address>& found);

  std::function<bool(const ip_address&)> reachable_;
  std::unordered_map<std::string, entry> entries_;
  std::size_t unanswered_ = 0;  // so that an association that has its answers does not search
};

}  // namespace mtcp
