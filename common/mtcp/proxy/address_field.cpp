#include "mtcp/proxy/address_field.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

constexpr std::byte ipv4{1};
constexpr std::byte name{3};
constexpr std::byte ipv6{4};

std::uint16_t load16(std::span<const std::byte> bytes) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) << 8 | std::to_integer<unsigned>(bytes[1]));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What stands between ATYP and the port, with the length byte of a name. Empty while that byte has not come.
std::optional<std::size_t> host_size(std::byte type, std::span<const std::byte> field) {
  if (type == ipv4) return 4;
  if (type == ipv6) return 16;
  if (field.empty()) return std::nullopt;
  return 1 + std::to_integer<std::size_t>(field[0]);
}

std::optional<std::string> host_of(std::byte type, std::span<const std::byte> field) {
  return type == name ? clean_host(text_of(field.subspan(1))) : address_text(field);
}

}  // namespace

decoded<std::size_t, address_error> decode_address_size(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  const std::byte type = bytes[0];
  if (type != ipv4 && type != ipv6 && type != name) return address_error::type;
  const auto host = host_size(type, bytes.subspan(1));
  if (!host || bytes.size() < 1 + *host + 2) return {};
  const std::size_t size = 1 + *host + 2;
  return {size, size};
}

decoded<core::target, address_error> decode_address(std::span<const std::byte> bytes) {
  const auto whole = decode_address_size(bytes);
  if (whole.needs_more()) return {};
  if (whole.failed()) return whole.error();
  const auto field = bytes.subspan(1, whole.size() - 1 - 2);
  auto host = host_of(bytes[0], field);
  if (!host) return address_error::name;
  return {core::target{std::move(*host), load16(bytes.subspan(whole.size() - 2, 2))}, whole.size()};
}

encoded_address::encoded_address(const core::target& address) noexcept {
  // There is no room for a zone, which is of the other machine anyway ("fe80::1%eth0").
  address_bytes host = parse_address_bytes(address.host.substr(0, address.host.find('%')));
  const unsigned port = host.size != 0 ? address.port : 0;
  if (host.size == 0) host = {{}, 4};
  data_[0] = host.size == 4 ? ipv4 : ipv6;
  std::ranges::copy(host.bytes(), data_.begin() + 1);
  size_ = 1 + host.size;
  data_[size_++] = static_cast<std::byte>(port >> 8);
  data_[size_++] = static_cast<std::byte>(port & 0xff);
}

}  // namespace mtcp::proxy
