// SOCKS5 (RFC 1928): the messages of both sides of the dialogue, as a server reads and writes them. Pure: no I/O.
//
// The dialogue: greeting -> choice; request -> reply; then the application's bytes. Any message may come in pieces or
// together with the next one.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mtcp/proxy/address_field.hpp"
#include "mtcp/proxy/decoded.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// Ways to authenticate (section 3).
enum class method : std::uint8_t { none = 0x00, gssapi = 0x01, password = 0x02, no_acceptable = 0xff };

/// The methods that a client offers, by number.
using method_set = std::bitset<256>;

/// What a client asks for (section 4).
enum class command : std::uint8_t { connect = 1, bind = 2, udp_associate = 3 };

/// How a request ended (section 6).
enum class reply : std::uint8_t {
  succeeded = 0,
  general_failure = 1,
  not_allowed = 2,
  network_unreachable = 3,
  host_unreachable = 4,
  connection_refused = 5,
  ttl_expired = 6,
  command_not_supported = 7,
  address_type_not_supported = 8,
};

/// Errors that have no reply: the connection is closed without one.
enum class malformed {
  version,
  address_type,  ///< an ATYP that there is not
};

struct request {
  command what = command::connect;
  core::target to;
};

/// Largest greeting and request, in bytes: a buffer of this size always holds one complete message.
inline constexpr std::size_t max_greeting_size = 2 + 255;
inline constexpr std::size_t max_request_size = 3 + max_address_size;

/// The client's first message. No offered method is a valid greeting; choose() then finds none acceptable.
decoded<method_set, malformed> decode_greeting(std::span<const std::byte> bytes);

/// The method for `offered`: `wanted` if it is there, whatever else is (Java offers {0, 2}), else no_acceptable.
method choose(const method_set& offered, method wanted) noexcept;

/// The answer to a greeting. After no_acceptable the connection is closed.
std::array<std::byte, 2> encode_choice(method chosen) noexcept;

/// The client's request. An error is the reply to send before closing; it is given as soon as it is certain, so the
/// rest of the request may still be on its way. The reserved byte is not looked at.
decoded<request, reply> decode_request(std::span<const std::byte> bytes);

/// A reply on the wire: 10 bytes with an IPv4 address, 22 with an IPv6 one.
class encoded_reply {
 public:
  /// `bound` is the address that the server dialled from. It is sent as an address even when it is a name or empty
  /// (then 0.0.0.0, port 0): some clients end the dialogue on a name.
  encoded_reply(reply code, const core::target& bound) noexcept;
  std::span<const std::byte> bytes() const noexcept { return std::span(data_).first(size_); }

 private:
  std::array<std::byte, 22> data_{};
  std::size_t size_ = 0;
};

/// The reply that tells a client why the tunnel's server refused.
constexpr reply reply_to(core::refusal why) noexcept {
  return why == core::refusal::quota ? reply::not_allowed : static_cast<reply>(why);
}

}  // namespace mtcp::proxy
