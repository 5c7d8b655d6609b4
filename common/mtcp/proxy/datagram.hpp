// The header in front of every datagram between an application and the local listener (RFC 1928, section 7). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "mtcp/proxy/address_field.hpp"
#include "mtcp/proxy/decoded.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// RSV, FRAG and the longest address.
inline constexpr std::size_t max_datagram_header_size = 3 + max_address_size;

enum class bad_datagram {
  cut_short,  ///< it ends before its header does
  fragment,   ///< FRAG is not 0: fragments are not put together, and so dropped, as the RFC lets us
  address,    ///< an unknown ATYP, a name that can be none, or port 0
};

/// Where an application's datagram is to go; the payload follows behind size() bytes. A datagram comes whole, so this
/// never needs more. The reserved bytes are not looked at.
decoded<core::target, bad_datagram> decode_datagram_header(std::span<const std::byte> datagram);

/// The header for a datagram that came from `source`.
class encoded_datagram_header {
 public:
  explicit encoded_datagram_header(const core::target& source) noexcept;
  std::span<const std::byte> bytes() const noexcept { return std::span(data_).first(size_); }

 private:
  std::array<std::byte, 3 + 19> data_{};
  std::size_t size_ = 0;
};

}  // namespace mtcp::proxy
