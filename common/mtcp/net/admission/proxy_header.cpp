#include "mtcp/net/admission/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace mtcp {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::byte local{0x20};  // version 2, command LOCAL
constexpr std::byte proxy{0x21};  // version 2, command PROXY
constexpr std::byte tcp_over_ipv4{0x11};
constexpr std::byte tcp_over_ipv6{0x21};

/// The address of this type at the start of `block`.
template <class Address>
Address address_at(std::span<const std::byte> block) {
  typename Address::bytes_type bytes;
  std::transform(block.begin(), block.begin() + bytes.size(), bytes.begin(),
                 [](std::byte b) { return std::to_integer<unsigned char>(b); });
  return Address(bytes);
}

/// `block` holds two addresses of this type and two ports.
template <class Address>
std::optional<proxied> addresses_in(std::span<const std::byte> block) {
  constexpr std::size_t size = std::tuple_size_v<typename Address::bytes_type>;
  if (block.size() < 2 * size + 4) return {};
  return proxied{address_at<Address>(block), address_at<Address>(block.subspan(size))};
}

}  // namespace

std::optional<std::size_t> proxy_header_size(std::span<const std::byte, proxy_header_start> start) {
  const auto same = [](std::byte a, char b) { return a == static_cast<std::byte>(b); };
  if (!std::equal(signature.begin(), signature.end(), start.begin(), [&](char b, std::byte a) { return same(a, b); }))
    return {};
  if (start[12] != local && start[12] != proxy) return {};
  const auto behind = std::to_integer<std::size_t>(start[14]) << 8 | std::to_integer<std::size_t>(start[15]);
  const std::size_t size = proxy_header_start + behind;
  return size <= max_proxy_header ? std::optional(size) : std::nullopt;
}

std::optional<proxied> read_proxy_header(std::span<const std::byte> header) {
  if (header.size() < proxy_header_start) return {};
  const auto size = proxy_header_size(header.first<proxy_header_start>());
  if (size != header.size()) return {};
  const auto block = header.subspan(proxy_header_start);
  if (header[12] == proxy && header[13] == tcp_over_ipv4) return addresses_in<address_v4>(block);
  if (header[12] == proxy && header[13] == tcp_over_ipv6) return addresses_in<address_v6>(block);
  return proxied{};
}

}  // namespace mtcp
