#include "mtcp/net/platform/own_addresses.hpp"

#include <utility>

namespace mtcp {
namespace {

constexpr std::size_t max_learnt = 256;

/// Without the zone of a link-local address, which a destination does not carry.
ip_address plain(const ip_address& address) {
  const ip_address known = unmapped(address);
  return known.is_v6() ? ip_address(asio::ip::address_v6(known.to_v6().to_bytes())) : known;
}

}  // namespace

own_addresses::own_addresses(source interfaces, std::chrono::milliseconds interval)
    : interfaces_(std::move(interfaces)), interval_(interval) {
  refresh();
}

void own_addresses::learn(const ip_address& address) {
  const std::lock_guard lock(mutex_);
  if (learnt_.size() < max_learnt) learnt_.insert(plain(address));
}

bool own_addresses::contains(const ip_address& address) const {
  const ip_address wanted = plain(address);
  if (wanted.is_loopback() || wanted.is_unspecified()) return true;
  const std::lock_guard lock(mutex_);
  if (clock::now() >= asked_ + interval_) refresh();
  return present_.contains(wanted) || learnt_.contains(wanted);
}

// Where the system gives no answer, as when descriptors have run out, the last answer is kept.
void own_addresses::refresh() const {
  asked_ = clock::now();
  const auto found = interfaces_();
  if (!found) return;
  present_.clear();
  for (const ip_address& address : *found) present_.insert(plain(address));
}

}  // namespace mtcp
