// Which way the destinations of applications go: the rules of --tunnel, --direct and --block. Pure.
//
// A rule is a block of addresses (10.0.0.0/8, or an address alone), ".example.org" (that name and all below it),
// "example.org" (that name alone), or a protocol with a port ("udp:443", "tcp:25"). Of those that hold a destination
// decides, in this order: the name itself; the longest suffix; the longest prefix; a port. Rules of the same length (a
// port's has none, like 0.0.0.0/0) are: block before direct before tunnel.
//
// Names are compared as they are asked for: rules of addresses say nothing of them, since nothing is looked up here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mtcp/core/base/prefix_map.hpp"

namespace mtcp::proxy {

/// In the order in which the greater one decides.
enum class route : std::uint8_t { tunnel, direct, block };
enum class transport : std::uint8_t { tcp, udp };

/// The bits of an address literal, without its zone; IPv4-mapped ones are those of the IPv4 address. Empty for a name.
std::optional<core::address_bits> literal_bits(std::string_view host);

/// localhost and what ends with it (RFC 6761, section 6.3), in any case, with a dot at the end or without.
bool is_loopback_name(std::string_view host);

class route_table {
 public:
  /// What a rule says, and where it stands.
  struct verdict {
    route to = route::tunnel;
    std::uint32_t source = 0;  ///< 0: it was given alone
    std::uint32_t line = 0;
  };
  /// What becomes of a destination. Valid as long as the table does not change.
  struct decision {
    enum class kind : std::uint8_t { none, port, block, suffix, name };
    kind by = kind::none;  ///< none: no rule holds it, and it goes through the tunnel
    verdict what{};
    unsigned length = 0;  ///< of the prefix in bits, or of the name behind the dot
  };

  /// Throws std::invalid_argument, which says what was expected. Names are in ASCII.
  void add(std::string_view rule, verdict what);
  /// A file that rules come from: its number, for verdict::source.
  std::uint32_t add_source(std::string name);

  decision find(std::string_view host, std::uint16_t port, transport over) const;
  decision find_address(const core::address_bits& address, std::uint16_t port, transport over) const;
  /// The rule in words: "--block .example.org (ads.txt, line 7)".
  std::string describe(const decision& d, std::string_view host, std::uint16_t port, transport over) const;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Rules that stand in more than one place count once.
  struct listed {
    decision::kind by{};
    route to{};
    std::string text{};         ///< of a name or suffix, without the dot in front
    core::address_bits bits{};  ///< of a block
    unsigned length = 0;        ///< of its prefix
    transport over{};
    std::uint16_t port = 0;
  };
  /// All of them, in an order that is the same for the same rules.
  std::vector<listed> list() const;

 private:
  struct entry {
    bool is_set = false;
    verdict what{};
    void say(const verdict& more);
  };
  struct name_entry {
    entry name;   // that name alone
    entry below;  // it, and what ends with it
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using port_key = std::pair<transport, std::uint16_t>;

  bool add_port(std::string_view rule, const verdict& what);
  bool add_block(std::string_view rule, const verdict& what);
  void add_name(std::string_view rule, const verdict& what);
  decision find_port(std::uint16_t port, transport over) const;
  decision find_name(std::string_view name, decision otherwise) const;

  std::map<port_key, entry> ports_;
  core::prefix_map<entry> blocks_;
  std::unordered_map<std::string, name_entry, hash, std::equal_to<>> names_;  // in lower case, without a dot at the end
  std::size_t most_labels_ = 0;                                               // of all of them
  std::vector<std::string> sources_{""};
  std::size_t size_ = 0;
};

/// "tunnel", "direct" or "block".
const char* to_string(route to) noexcept;

}  // namespace mtcp::proxy
