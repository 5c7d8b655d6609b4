#include "mtcp/proxy/socks5_client.hpp"

#include <string_view>

#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

constexpr std::byte version{5};
constexpr std::byte login_version{1};
constexpr std::byte name_follows{3};

void append(std::vector<std::byte>& to, std::span<const std::byte> more) {
  to.insert(to.end(), more.begin(), more.end());
}

void append_text(std::vector<std::byte>& to, std::string_view text) {
  to.push_back(static_cast<std::byte>(text.size()));
  append(to, std::as_bytes(std::span(text)));
}

void append_port(std::vector<std::byte>& to, unsigned port) {
  to.push_back(static_cast<std::byte>(port >> 8));
  to.push_back(static_cast<std::byte>(port & 0xff));
}

}  // namespace

std::vector<std::byte> encode_greeting(bool with_password) {
  if (!with_password) return {version, std::byte{1}, static_cast<std::byte>(method::none)};
  return {version, std::byte{2}, static_cast<std::byte>(method::none), static_cast<std::byte>(method::password)};
}

decoded<method, malformed> decode_choice(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != version) return malformed::version;
  if (bytes.size() < 2) return {};
  return {static_cast<method>(bytes[1]), 2};
}

std::vector<std::byte> encode_login(const credentials& login) {
  std::vector<std::byte> out{login_version};
  append_text(out, login.name);
  append_text(out, login.password);
  return out;
}

decoded<bool, malformed_login> decode_login_answer(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != login_version) return malformed_login::version;
  if (bytes.size() < 2) return {};
  return {bytes[1] == std::byte{0}, 2};
}

std::vector<std::byte> encode_request(const core::target& to) {
  std::vector<std::byte> out{version, static_cast<std::byte>(command::connect), std::byte{0}};
  if (parse_address_bytes(to.host).size != 0) {
    append(out, encoded_address(to).bytes());
  } else {
    out.push_back(name_follows);
    append_text(out, to.host);
    append_port(out, to.port);
  }
  return out;
}

decoded<reply, malformed> decode_reply(std::span<const std::byte> bytes) {
  if (!bytes.empty() && bytes[0] != version) return malformed::version;
  if (bytes.size() < 2) return {};
  const auto code = static_cast<reply>(bytes[1]);
  if (code != reply::succeeded) return {code, 2};
  if (bytes.size() < 3) return {};
  const auto address = decode_address_size(bytes.subspan(3));
  if (address.needs_more()) return {};
  if (address.failed()) return malformed::address_type;
  return {code, 3 + address.size()};
}

}  // namespace mtcp::proxy
