#include "mtcp/net/admission/origin.hpp"

namespace mtcp {
namespace {

namespace ip = boost::asio::ip;

// They go where no global IPv6 /64 can be: ::/64. They have two levels: the last one is there twice.
origin of_ipv4(const ip::address_v4& from) {
  const std::uint64_t host = from.to_uint();
  return {{host & ~std::uint64_t{0xff}, host, host}};
}

}  // namespace

origin origin::of(const ip::address& from) {
  if (from.is_v4()) return of_ipv4(from.to_v4());
  const ip::address_v6 v6 = from.to_v6();
  if (v6.is_v4_mapped()) return of_ipv4(ip::make_address_v4(ip::v4_mapped, v6));
  std::uint64_t host = 0;
  const auto bytes = v6.to_bytes();
  for (std::size_t i = 0; i < 8; ++i) host = host << 8 | bytes[i];
  return {{host & ~std::uint64_t{0xffff}, host & ~std::uint64_t{0xff}, host}};
}

}  // namespace mtcp
