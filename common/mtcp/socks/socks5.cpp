#include "mtcp/socks/socks5.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "mtcp/socks/host.hpp"

namespace mtcp::socks {
namespace {

constexpr std::byte version{5};
// ATYP, section 5.
constexpr std::byte ipv4{1};
constexpr std::byte name{3};
constexpr std::byte ipv6{4};

std::uint16_t load16(std::span<const std::byte> bytes) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) << 8 | std::to_integer<unsigned>(bytes[1]));
}

bool known(std::byte code) { return code >= std::byte{1} && code <= std::byte{3}; }

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The address field behind ATYP: its size, with the length byte of a name. Empty while that byte has not come.
std::optional<std::size_t> address_size(std::byte type, std::span<const std::byte> field) {
  if (type == ipv4) return 4;
  if (type == ipv6) return 16;
  if (field.empty()) return std::nullopt;
  return 1 + std::to_integer<std::size_t>(field[0]);
}

std::optional<std::string> host_of(std::byte type, std::span<const std::byte> field) {
  return type == name ? clean_host(text_of(field.subspan(1))) : address_text(field);
}

/// What can be judged before the address is complete.
std::optional<reply> early_error(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != version) return reply::general_failure;
  if (bytes.size() >= 2 && !known(bytes[1])) return reply::command_not_supported;
  if (bytes.size() < 4) return std::nullopt;
  const std::byte type = bytes[3];
  if (type != ipv4 && type != ipv6 && type != name) return reply::address_type_not_supported;
  return std::nullopt;
}

}  // namespace

decoded<method_set, malformed> decode_greeting(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != version) return malformed::version;
  if (bytes.size() < 2) return {};
  const auto count = std::to_integer<std::size_t>(bytes[1]);
  if (bytes.size() < 2 + count) return {};
  method_set offered;
  for (const std::byte b : bytes.subspan(2, count)) offered.set(std::to_integer<std::size_t>(b));
  return {offered, 2 + count};
}

method choose(const method_set& offered, method wanted) noexcept {
  return offered[static_cast<std::size_t>(wanted)] ? wanted : method::no_acceptable;
}

std::array<std::byte, 2> encode_choice(method chosen) noexcept { return {version, static_cast<std::byte>(chosen)}; }

decoded<request, reply> decode_request(std::span<const std::byte> bytes) {
  if (const auto error = early_error(bytes)) return *error;
  if (bytes.size() < 4) return {};
  const auto field = bytes.subspan(4);
  const auto size = address_size(bytes[3], field);
  if (!size || field.size() < *size + 2) return {};
  auto host = host_of(bytes[3], field.first(*size));
  if (!host) return reply::general_failure;
  request result{static_cast<command>(bytes[1]), {std::move(*host), load16(field.subspan(*size, 2))}};
  return {std::move(result), 4 + *size + 2};
}

encoded_reply::encoded_reply(reply code, const core::target& bound) noexcept {
  address_bytes address = parse_address_bytes(bound.host);
  const bool is_address = address.size != 0;
  if (!is_address) address = {{}, 4};
  data_[0] = version;
  data_[1] = static_cast<std::byte>(code);
  data_[3] = address.size == 4 ? ipv4 : ipv6;
  std::ranges::copy(address.bytes(), data_.begin() + 4);
  size_ = 4 + address.size;
  const unsigned port = is_address ? bound.port : 0;
  data_[size_++] = static_cast<std::byte>(port >> 8);
  data_[size_++] = static_cast<std::byte>(port & 0xff);
}

}  // namespace mtcp::socks
