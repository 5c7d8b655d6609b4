#include "mtcp/proxy/datagram.hpp"

#include <algorithm>

namespace mtcp::proxy {

decoded<core::target, bad_datagram> decode_datagram_header(std::span<const std::byte> datagram) {
  if (datagram.size() < 3) return bad_datagram::cut_short;
  if (datagram[2] != std::byte{0}) return bad_datagram::fragment;
  const auto to = decode_address(datagram.subspan(3));
  if (to.needs_more()) return bad_datagram::cut_short;
  if (to.failed() || to.value().port == 0) return bad_datagram::address;
  return {to.value(), 3 + to.size()};
}

encoded_datagram_header::encoded_datagram_header(const core::target& source) noexcept {
  const encoded_address address(source);
  std::ranges::copy(address.bytes(), data_.begin() + 3);
  size_ = 3 + address.bytes().size();
}

}  // namespace mtcp::proxy
