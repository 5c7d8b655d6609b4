// Everything that an application may say in SOCKS5, SOCKS4 and RFC 1929, and in its datagrams.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "mtcp/core/wire/host.hpp"
#include "mtcp/proxy/datagram.hpp"
#include "mtcp/proxy/host.hpp"
#include "mtcp/proxy/password.hpp"
#include "mtcp/proxy/socks4.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "mtcp/proxy/users.hpp"

namespace {

using namespace mtcp;
using fuzz::require;

void check_target(const core::target& to) {
  const auto harmless = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  require(!to.host.empty() && to.host.size() <= core::max_host_size, "a host has 1 to 255 bytes");
  require(std::ranges::all_of(to.host, harmless), "a host has no control characters");
  require(proxy::clean_host(to.host).has_value(), "a clean host is clean");
}

void check_login(std::span<const std::byte> message) {
  static const auto users = proxy::user_table::parse("alice:s3cret");
  fuzz::check_prefixes(message, proxy::decode_login);
  const auto login = proxy::decode_login(message);
  if (!login) return;
  const bool right = login.value().name == "alice" && login.value().password == "s3cret";
  require(users.admits(login.value().name, login.value().password) == right, "the password decides");
}

void check_datagram(std::span<const std::byte> message) {
  const auto header = proxy::decode_datagram_header(message);
  require(!header.needs_more(), "a datagram is whole");
  if (!header) return;
  check_target(header.value());
  const proxy::encoded_datagram_header again(header.value());
  const auto read = proxy::decode_datagram_header(again.bytes());
  const bool literal = proxy::parse_address_bytes(header.value().host).size != 0;
  require(!literal || (read && read.value() == header.value()), "an address is written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = fuzz::bytes_of(data, size);
  fuzz::check_prefixes(message, proxy::decode_greeting);
  fuzz::check_prefixes(message, proxy::decode_request);
  fuzz::check_prefixes(message, proxy::decode_request4);
  if (const auto request = proxy::decode_request(message)) check_target(request.value().to);
  if (const auto request = proxy::decode_request4(message)) check_target(request.value().to);
  check_login(message);
  check_datagram(message);
  try {
    proxy::user_table::parse(fuzz::text_of(message));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
