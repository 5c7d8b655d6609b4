#include "mtcp/proxy/socks5.hpp"

#include <algorithm>

namespace mtcp::proxy {
namespace {

constexpr std::byte version{5};

bool known(std::byte code) { return code >= std::byte{1} && code <= std::byte{3}; }

reply reply_to(address_error why) {
  return why == address_error::type ? reply::address_type_not_supported : reply::general_failure;
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
  if (!bytes.empty() && bytes[0] != version) return reply::general_failure;
  if (bytes.size() >= 2 && !known(bytes[1])) return reply::command_not_supported;
  if (bytes.size() < 3) return {};
  const auto to = decode_address(bytes.subspan(3));
  if (to.needs_more()) return {};
  if (to.failed()) return reply_to(to.error());
  return {request{static_cast<command>(bytes[1]), to.value()}, 3 + to.size()};
}

encoded_reply::encoded_reply(reply code, const core::target& bound) noexcept {
  const encoded_address address(bound);
  data_[0] = version;
  data_[1] = static_cast<std::byte>(code);
  std::ranges::copy(address.bytes(), data_.begin() + 3);
  size_ = 3 + address.bytes().size();
}

}  // namespace mtcp::proxy
