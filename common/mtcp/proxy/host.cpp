#include "mtcp/proxy/host.hpp"

#include <arpa/inet.h>

#include "mtcp/core/wire/host.hpp"

namespace mtcp::proxy {
namespace {

std::string_view without_dot(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

bool has_brackets(std::string_view text) { return text.size() >= 2 && text.starts_with('[') && text.ends_with(']'); }

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
  std::string_view host = without_dot(text);
  if (has_brackets(host)) text = host = host.substr(1, host.size() - 2);
  if (!core::is_host(text) || host.empty() || host.ends_with('.')) return std::nullopt;
  const address_bytes literal = parse_address_bytes(std::string(host));
  return literal.size == 0 ? std::string(text) : address_text(literal.bytes());
}

}  // namespace mtcp::proxy
