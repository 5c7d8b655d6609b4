#include "mtcp/proxy/host.hpp"

#include <arpa/inet.h>

#include "mtcp/core/wire/host.hpp"

namespace mtcp::proxy {
namespace {

std::string_view strip(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() >= 2 && text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

std::string address_text(std::span<const std::byte> address) {
  if (address.size() != 4 && address.size() != 16) return {};
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof text);
  return text;
}

address_bytes parse_address_bytes(const std::string& text) {
  address_bytes result;
  if (inet_pton(AF_INET, text.c_str(), result.data) == 1) {
    result.size = 4;
  } else if (inet_pton(AF_INET6, text.c_str(), result.data) == 1) {
    result.size = 16;
  }
  return result;
}

std::optional<std::string> clean_host(std::string_view text) {
  std::string host(strip(text));
  if (!core::is_host(host) || host.ends_with('.')) return std::nullopt;
  const address_bytes literal = parse_address_bytes(host);
  return literal.size == 0 ? host : address_text(literal.bytes());
}

}  // namespace mtcp::proxy
