#include "mtcp/address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp {
namespace {

using octets = std::array<unsigned char, 16>;

/// The whole of `text` as a number of at most `max`.
std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

/// The octets of an address, and how many there are.
std::pair<octets, std::size_t> octets_of(const ip_address& address) {
  octets out{};
  if (address.is_v6()) return {address.to_v6().to_bytes(), 16};
  std::ranges::copy(address.to_v4().to_bytes(), out.begin());
  return {out, 4};
}

bool bit(const octets& bytes, unsigned index) { return bytes[index / 8] >> (7 - index % 8) & 1; }

bool starts_with(const octets& bytes, std::initializer_list<int> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

asio::ip::address_v4 ipv4_at(const octets& bytes, std::size_t position, unsigned char mask = 0) {
  asio::ip::address_v4::bytes_type out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes[position + i] ^ mask;
  return asio::ip::address_v4(out);
}

bool is_isatap(const octets& b) { return (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe; }

/// ::/96, except the unspecified and the loopback address.
bool is_compatible(const asio::ip::address_v6& address, const octets& b) {
  return starts_with(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) && !address.is_unspecified() && !address.is_loopback();
}

}  // namespace

std::optional<ip_address> parse_address(std::string_view text) {
  const std::string host(without_brackets(text));
  error_code error;
  const ip_address address = asio::ip::make_address(host, error);
  if (error || host.find('%') != std::string::npos || host.find('\0') != std::string::npos) return std::nullopt;
  return address;
}

std::optional<core::target> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number(text.substr(colon + 1), 65535);
  const std::string_view written = text.substr(0, colon);
  const std::string_view host = without_brackets(written);
  const bool has_colon = host.find(':') != std::string_view::npos;
  const bool bracketed = host.size() != written.size();
  if (!port || host.size() > 255 || has_colon != bracketed || host.find_first_of("[]/@ ") != std::string_view::npos)
    return std::nullopt;
  if (bracketed && !zoned_address::parse(host)) return std::nullopt;
  return core::target{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const core::target& to) {
  std::string out = to.host.find(':') == std::string::npos ? to.host : "[" + to.host + "]";
  return out.append(":").append(std::to_string(to.port));
}

core::target to_target(const tcp::endpoint& endpoint) { return {endpoint.address().to_string(), endpoint.port()}; }

ip_address unmapped(const ip_address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

std::optional<asio::ip::address_v4> embedded_ipv4(const asio::ip::address_v6& address) {
  const octets b = address.to_bytes();
  if (starts_with(b, {0x20, 0x02})) return ipv4_at(b, 2);                                // 2002::/16, 6to4
  if (starts_with(b, {0x20, 0x01, 0, 0})) return ipv4_at(b, 12, 0xff);                   // 2001::/32, Teredo: inverted
  const bool at_the_end = starts_with(b, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})  // 64:ff9b::/96, NAT64
                          || starts_with(b, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0})  // ::ffff:0:0:0/96, SIIT
                          || address.is_v4_mapped() || is_compatible(address, b) || is_isatap(b);
  if (at_the_end) return ipv4_at(b, 12);
  return std::nullopt;
}

std::optional<network> network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  const auto [bytes, size] = octets_of(*base);
  const unsigned width = static_cast<unsigned>(size) * 8;
  const auto prefix = slash == std::string_view::npos ? width : parse_number(text.substr(slash + 1), width);
  if (!prefix) return std::nullopt;
  for (unsigned i = *prefix; i < width; ++i)
    if (bit(bytes, i)) return std::nullopt;
  if (base->is_v6() && base->to_v6().is_v4_mapped() && *prefix >= 96) return network(unmapped(*base), *prefix - 96);
  return network(*base, *prefix);
}

network network::around(const ip_address& inside, unsigned prefix) {
  auto bytes = octets_of(inside).first;
  for (unsigned i = prefix; i < bytes.size() * 8; ++i) bytes[i / 8] &= static_cast<unsigned char>(~(0x80 >> (i % 8)));
  if (inside.is_v4()) return network(ipv4_at(bytes, 0), prefix);
  return network(asio::ip::address_v6(bytes), prefix);
}

bool network::contains(const ip_address& address) const {
  if (address.is_v4() != base_.is_v4()) return false;
  const octets base = octets_of(base_).first;
  const octets other = octets_of(address).first;
  if (!std::equal(base.begin(), base.begin() + prefix_ / 8, other.begin())) return false;
  for (unsigned i = prefix_ / 8 * 8; i < prefix_; ++i)
    if (bit(base, i) != bit(other, i)) return false;
  return true;
}

std::string network::to_string() const { return base_.to_string() + "/" + std::to_string(prefix_); }

}  // namespace mtcp
