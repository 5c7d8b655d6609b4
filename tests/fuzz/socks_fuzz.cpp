// Everything that an application may say in SOCKS5, SOCKS4 and RFC 1929, and in its datagrams.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "mtcp/core/host.hpp"
#include "mtcp/socks/datagram.hpp"
#include "mtcp/socks/host.hpp"
#include "mtcp/socks/password.hpp"
#include "mtcp/socks/socks4.hpp"
#include "mtcp/socks/socks5.hpp"
#include "mtcp/socks/users.hpp"

namespace {

using namespace mtcp;
using fuzz::require;

void check_target(const core::target& to) {
  const auto harmless = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  require(!to.host.empty() && to.host.size() <= core::max_host_size, "a host has 1 to 255 bytes");
  require(std::ranges::all_of(to.host, harmless), "a host has no control characters");
  require(socks::clean_host(to.host).has_value(), "a clean host is clean");
}

void check_login(std::span<const std::byte> message) {
  static const auto users = socks::user_table::parse("alice:s3cret");
  fuzz::check_prefixes(message, socks::decode_login);
  const auto login = socks::decode_login(message);
  if (!login) return;
  const bool right = login.value().name == "alice" && login.value().password == "s3cret";
  require(users.admits(login.value().name, login.value().password) == right, "the password decides");
}

void check_datagram(std::span<const std::byte> message) {
  const auto header = socks::decode_datagram_header(message);
  require(!header.needs_more(), "a datagram is whole");
  if (!header) return;
  check_target(header.value());
  const socks::encoded_datagram_header again(header.value());
  const auto read = socks::decode_datagram_header(again.bytes());
  const bool literal = socks::parse_address_bytes(header.value().host).size != 0;
  require(!literal || (read && read.value() == header.value()), "an address is written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = fuzz::bytes_of(data, size);
  fuzz::check_prefixes(message, socks::decode_greeting);
  fuzz::check_prefixes(message, socks::decode_request);
  fuzz::check_prefixes(message, socks::decode_request4);
  if (const auto request = socks::decode_request(message)) check_target(request.value().to);
  if (const auto request = socks::decode_request4(message)) check_target(request.value().to);
  check_login(message);
  check_datagram(message);
  try {
    socks::user_table::parse(fuzz::text_of(message));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
