// The address of SOCKS5 messages: ATYP, address, port (RFC 1928, sections 4 to 7). Requests, replies and datagrams
// share it.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "mtcp/proxy/decoded.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

enum class address_error {
  type,  ///< an ATYP that is none of 1, 3 and 4
  name,  ///< a name that can be no host, see clean_host()
};

/// Largest field: a name of 255 bytes.
inline constexpr std::size_t max_address_size = 1 + 1 + 255 + 2;

/// The field at the front of `bytes`. An unknown type is told as soon as it has come.
decoded<core::target, address_error> decode_address(std::span<const std::byte> bytes);

/// How many bytes the field at the front of `bytes` takes, whatever address it holds.
decoded<std::size_t, address_error> decode_address_size(std::span<const std::byte> bytes);

/// The field for an address of either family: 7 bytes for IPv4, 19 for IPv6. Everything else, also a name, becomes
/// 0.0.0.0 with port 0: some clients end the dialogue when a reply holds a name.
class encoded_address {
 public:
  explicit encoded_address(const core::target& address) noexcept;
  std::span<const std::byte> bytes() const noexcept { return std::span(data_).first(size_); }

 private:
  std::array<std::byte, 19> data_{};
  std::size_t size_ = 0;
};

}  // namespace mtcp::proxy
