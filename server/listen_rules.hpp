// Where clients may have this server listen for them (--allow-listen, a key's listen=): nowhere, unless a rule says so.
// Who asks for a port alone listens where the first rule for it says, as ssh's GatewayPorts decides that at the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/types.hpp"

namespace mtcp::server {

struct listen_rule {
  enum class where : std::uint8_t { loopback, address, everywhere };
  where at = where::loopback;
  ip_address address{};  ///< unmapped; only of where::address
  std::uint16_t first = 0, last = 0;
  std::string written{};  ///< by the user
  friend bool operator==(const listen_rule&, const listen_rule&) = default;
};

/// "PORT" or "FIRST-LAST" of loopback; with "ADDRESS:" in front of that address, with "*:" or ":" of all. Port 0 is one
/// that the system chooses. Throws std::invalid_argument, saying what was expected.
listen_rule parse_listen_rule(const std::string& text);

class listen_rules {
 public:
  listen_rules() = default;
  explicit listen_rules(std::vector<listen_rule> all) : all_(std::move(all)) {}

  const std::vector<listen_rule>& all() const noexcept { return all_; }
  void add(listen_rule one) { all_.push_back(std::move(one)); }
  /// Where to listen for a client that asks for this: an address, or empty for all of them. Nowhere, if no rule allows
  /// it. `asked` has no host if that is left to the server; else it is an address, of which the unspecified ones mean
  /// all.
  std::optional<core::target> place_for(const core::target& asked) const;

 private:
  std::vector<listen_rule> all_;
};

}  // namespace mtcp::server
