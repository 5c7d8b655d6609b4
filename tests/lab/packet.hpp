// What a network sees of an IP packet: which connection it belongs to, and TCP's flags. IPv4 and IPv6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mtcp::lines {

using packet = std::vector<std::uint8_t>;

/// From the near end, where the clients are, to the far one; and back.
enum class direction : std::uint8_t { up, down };
constexpr direction other(direction d) noexcept { return d == direction::up ? direction::down : direction::up; }

/// Protocol, addresses and ports, the near end's first: the same for both directions of a connection.
struct flow_key {
  static constexpr std::uint8_t tcp = 6;

  std::array<std::uint8_t, 37> bytes{};
  bool is_tcp() const noexcept { return bytes[0] == tcp; }
  bool operator==(const flow_key&) const = default;
};

struct flow_hash {
  std::size_t operator()(const flow_key& key) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
  }
};

struct header {
  flow_key flow{};
  bool tcp = false;
  bool syn = false;  ///< the first packet of a connection; not its answer
  bool fin = false;
  bool rst = false;
  std::uint32_t sequence = 0;
};

/// Nothing for what is no IP packet. Of a protocol without ports, and of later fragments, addresses alone make the
/// flow.
std::optional<header> parse(std::span<const std::uint8_t> packet, direction d);

/// The reset that answers a TCP packet, as a host gives it that knows no such connection (RFC 9293, 3.10.7.1).
packet reset_answering(std::span<const std::uint8_t> packet);

}  // namespace mtcp::lines
