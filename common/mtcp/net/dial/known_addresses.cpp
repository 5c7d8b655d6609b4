#include "mtcp/net/dial/known_addresses.hpp"

#include <algorithm>

#include "mtcp/net/dial/happy_eyeballs.hpp"

namespace mtcp {

void known_addresses::worked(const ip_address& address) {
  std::erase(known_, address);
  known_.insert(known_.begin(), address);
  if (known_.size() > most) known_.pop_back();
  if (failed_ == address) failed_.reset();
}

// It stays among the known addresses: without a name server it is better than nothing.
void known_addresses::failed(const ip_address& address) {
  failed_ = address;
  std::stable_partition(known_.begin(), known_.end(), [&](const ip_address& a) { return a != address; });
}

std::vector<ip_address> known_addresses::in_order(std::vector<ip_address> found) const {
  if (!known_.empty() && known_.front() != failed_) {
    const ip_address& last = known_.front();
    const auto rank = [&last](const ip_address& a) { return a == last ? 0 : a.is_v6() == last.is_v6() ? 1 : 2; };
    std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  }
  std::vector<ip_address> out = interleave(found);
  std::stable_partition(out.begin(), out.end(), [this](const ip_address& a) { return a != failed_; });
  return out;
}

}  // namespace mtcp
