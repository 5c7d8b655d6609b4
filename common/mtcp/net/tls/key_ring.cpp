#include "mtcp/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace mtcp {

bool key_ring::add(key added) {
  return !by_id_.contains(added.id()) && add(std::make_shared<const key>(std::move(added)));
}

bool key_ring::add(entry added) {
  if (!by_id_.emplace(added->id(), added).second) return false;
  if (added->version() == 1) first_version_.push_back(added);
  entries_.push_back(std::move(added));
  return true;
}

key_ring::entry key_ring::find(const key_id& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

bool key_ring::add(identity added) {
  if (find(added->public_key())) return false;
  identities_.push_back(std::move(added));
  return true;
}

key_ring::identity key_ring::find(const server_public_key& known_as) const {
  const auto found = std::ranges::find(identities_, known_as, [](const identity& i) { return i->public_key(); });
  return found == identities_.end() ? nullptr : *found;
}

}  // namespace mtcp
