#include "mtcp/proxy/password.hpp"

#include <optional>
#include <string_view>

namespace mtcp::proxy {
namespace {

constexpr std::byte version{1};

/// The text behind the length byte at `at`, or nothing while it has not come.
std::optional<std::string_view> text_at(std::span<const std::byte> bytes, std::size_t at) {
  if (bytes.size() <= at) return std::nullopt;
  const auto size = std::to_integer<std::size_t>(bytes[at]);
  if (bytes.size() < at + 1 + size) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at + 1, size);
}

}  // namespace

decoded<credentials, malformed_login> decode_login(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != version) return malformed_login::version;
  const auto name = text_at(bytes, 1);
  if (!name) return {};
  const auto password = text_at(bytes, 2 + name->size());
  if (!password) return {};
  return {credentials{std::string(*name), std::string(*password)}, 3 + name->size() + password->size()};
}

std::array<std::byte, 2> encode_login_answer(bool accepted) noexcept {
  return {version, accepted ? std::byte{0} : std::byte{1}};
}

}  // namespace mtcp::proxy
