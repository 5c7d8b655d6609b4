// Hosts as applications write them, and the one form in which they go on.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mtcp::proxy {

/// `text` as core::target holds it: brackets around it are dropped, and an IP address gets its usual spelling (RFC
/// 5952), without a trailing dot, so that the rules see an address and not a name. The dot of an absolute name (RFC
/// 1034, section 3.1) stays: without it a search list would apply. Empty for what can be no host: nothing, too long,
/// with a second dot at its end, or with a NUL, a control character, a space or a bracket inside.
std::optional<std::string> clean_host(std::string_view text);

/// An address of 4 or 16 bytes, most significant first, as text. Empty for any other size.
std::string address_text(std::span<const std::byte> address);

/// The bytes of an IPv4 or IPv6 literal: size 4 or 16; 0 when `text` is none.
struct address_bytes {
  std::byte data[16];
  std::size_t size = 0;
  std::span<const std::byte> bytes() const noexcept { return {data, size}; }
};
address_bytes parse_address_bytes(const std::string& text);

}  // namespace mtcp::proxy
