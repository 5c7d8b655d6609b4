#include "mtcp/net/admission.hpp"

#include <algorithm>
#include <iterator>

namespace mtcp {
namespace {

// IPv4 addresses, mapped ones included, go where no global IPv6 /64 can be: ::/64.
std::uint64_t prefix_of(const boost::asio::ip::address& from) {
  namespace ip = boost::asio::ip;
  if (from.is_v4()) return from.to_v4().to_uint();
  const ip::address_v6 v6 = from.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_uint();
  std::uint64_t prefix = 0;
  const auto bytes = v6.to_bytes();
  for (std::size_t i = 0; i < 8; ++i) prefix = prefix << 8 | bytes[i];
  return prefix;
}

}  // namespace

bool admission::enter(const boost::asio::ip::address& from, core::timestamp now) {
  if (pending_ >= limits_.pending_most) return false;
  host& h = *touch(prefix_of(from));
  h.arrivals.refill(now);
  if (h.pending >= limits_.pending_per_address || h.arrivals.level() < 1) return false;
  h.arrivals.spend(1);
  ++h.pending;
  ++pending_;
  return true;
}

void admission::leave(const boost::asio::ip::address& from) {
  const auto found = known_.find(prefix_of(from));
  if (found == known_.end() || found->second->pending == 0) return;
  --found->second->pending;
  --pending_;
}

admission::hosts::iterator admission::touch(std::uint64_t prefix) {
  const auto found = known_.find(prefix);
  if (found != known_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.begin();
  }
  if (known_.size() >= limits_.addresses_most) forget_oldest();
  recent_.push_front({.prefix = prefix, .arrivals = {limits_.rate_per_address, limits_.burst_per_address}});
  known_.emplace(prefix, recent_.begin());
  return recent_.begin();
}

// Never one with pending connections: their number is bounded by itself.
void admission::forget_oldest() {
  const auto oldest = std::find_if(recent_.rbegin(), recent_.rend(), [](const host& h) { return h.pending == 0; });
  if (oldest == recent_.rend()) return;
  known_.erase(oldest->prefix);
  recent_.erase(std::next(oldest).base());
}

}  // namespace mtcp
