#include "mtcp/proxy/socks4.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

constexpr std::size_t fixed_size = 8;  // what stands before the user id
constexpr std::size_t max_name_size = 255;

using text = decoded<std::string_view, reply4>;

/// A text that ends with NUL; an error once it is longer than `most`.
text decode_text(std::span<const std::byte> bytes, std::size_t most) {
  const auto end = std::ranges::find(bytes.first(std::min(bytes.size(), most + 1)), std::byte{0});
  const auto size = static_cast<std::size_t>(end - bytes.begin());
  if (size > most) return reply4::rejected;
  if (size == bytes.size()) return {};
  return {std::string_view(reinterpret_cast<const char*>(bytes.data()), size), size + 1};
}

/// 0.0.0.x with x not 0: a name follows (4A).
bool stands_for_a_name(std::span<const std::byte> address) {
  const auto zero = [](std::byte b) { return b == std::byte{0}; };
  return std::ranges::all_of(address.first(3), zero) && !zero(address[3]);
}

}  // namespace

decoded<request4, reply4> decode_request4(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != std::byte{4}) return reply4::rejected;
  if (bytes.size() < fixed_size) return {};
  const unsigned port = std::to_integer<unsigned>(bytes[2]) << 8 | std::to_integer<unsigned>(bytes[3]);
  const auto address = bytes.subspan(4, 4);
  const text user = decode_text(bytes.subspan(fixed_size), max_user_id_size);
  if (user.failed()) return user.error();
  if (user.needs_more()) return {};
  request4 out{bytes[1] == std::byte{1}, {address_text(address), static_cast<std::uint16_t>(port)}};
  const std::size_t size = fixed_size + user.size();
  if (!stands_for_a_name(address)) return {std::move(out), size};
  const text name = decode_text(bytes.subspan(size), max_name_size);
  if (name.failed()) return name.error();
  if (name.needs_more()) return {};
  auto host = clean_host(name.value());
  if (!host) return reply4::rejected;
  out.to.host = std::move(*host);
  return {std::move(out), size + name.size()};
}

std::array<std::byte, 8> encode_reply4(reply4 code, const core::target& bound) noexcept {
  std::array<std::byte, 8> out{std::byte{0}, static_cast<std::byte>(code)};
  const address_bytes address = parse_address_bytes(bound.host);
  if (address.size != 4) return out;
  out[2] = static_cast<std::byte>(bound.port >> 8);
  out[3] = static_cast<std::byte>(bound.port & 0xff);
  std::ranges::copy(address.bytes(), out.begin() + 4);
  return out;
}

}  // namespace mtcp::proxy
