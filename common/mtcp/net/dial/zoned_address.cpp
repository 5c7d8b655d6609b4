#include "mtcp/net/dial/zoned_address.hpp"

#include <net/if.h>

#include <algorithm>
#include <charconv>

namespace mtcp {
namespace {

/// Unicast, or multicast that stays on the interface or its link (RFC 4007, section 4).
bool is_link_local(const ip_address& address) {
  if (!address.is_v6()) return false;
  const auto v6 = address.to_v6();
  return v6.is_link_local() || v6.is_multicast_link_local() || v6.is_multicast_node_local();
}

/// What can be the name of an interface (IF_NAMESIZE counts the final NUL) or its number.
bool is_zone(std::string_view text) {
  constexpr std::size_t longest = IF_NAMESIZE - 1;
  const auto fits = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && std::string_view("/[]%").find(c) == std::string::npos;
  };
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, fits);
}

/// 0 if there is no such interface.
unsigned index_of_number(const std::string& zone) {
  unsigned number = 0;
  const char* const last = zone.data() + zone.size();
  const auto [end, error] = std::from_chars(zone.data(), last, number);
  char name[IF_NAMESIZE];
  return error == std::errc{} && end == last && ::if_indextoname(number, name) != nullptr ? number : 0;
}

/// A name comes first: an interface may be called "7".
unsigned index_of(const std::string& zone) {
  const unsigned named = ::if_nametoindex(zone.c_str());
  return named != 0 ? named : index_of_number(zone);
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::optional<zoned_address> zoned_address::parse(std::string_view text) {
  const std::string_view host = without_brackets(text);
  const auto percent = host.find('%');
  const auto address = parse_address(host.substr(0, percent));
  if (!address) return std::nullopt;
  if (percent == std::string_view::npos) return zoned_address(*address, {});
  const std::string_view zone = host.substr(percent + 1);
  if (!is_link_local(*address) || !is_zone(zone)) return std::nullopt;
  return zoned_address(*address, std::string(zone));
}

result<ip_address> zoned_address::here() const {
  if (zone_.empty()) return address_;
  const unsigned index = index_of(zone_);
  if (index == 0) return make_error_code(boost::system::errc::no_such_device);
  return ip_address(asio::ip::address_v6(address_.to_v6().to_bytes(), index));
}

}  // namespace mtcp
