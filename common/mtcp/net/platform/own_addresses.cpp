#include "mtcp/net/platform/own_addresses.hpp"

#include <utility>

#include "mtcp/net/platform/plain_address.hpp"

namespace mtcp {
namespace {

constexpr std::size_t max_learnt = 256;

own_addresses::answers::source plain_ones(own_addresses::source interfaces) {
  return [ask = std::move(interfaces)]() -> std::optional<std::set<ip_address>> {
    const auto found = ask();
    if (!found) return std::nullopt;
    std::set<ip_address> out;
    for (const ip_address& address : *found) out.insert(plain(address));
    return out;
  };
}

}  // namespace

own_addresses::own_addresses(source interfaces, std::chrono::milliseconds interval)
    : present_(plain_ones(std::move(interfaces)), interval) {
  present_.get();  // while there surely are descriptors for it
}

void own_addresses::learn(const ip_address& address) {
  const std::lock_guard lock(mutex_);
  if (learnt_.size() < max_learnt) learnt_.insert(plain(address));
}

bool own_addresses::contains(const ip_address& address) const {
  const ip_address wanted = plain(address);
  if (wanted.is_loopback() || wanted.is_unspecified()) return true;
  const std::lock_guard lock(mutex_);
  return present_.get().contains(wanted) || learnt_.contains(wanted);
}

}  // namespace mtcp
