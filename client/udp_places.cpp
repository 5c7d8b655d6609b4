#include "udp_places.hpp"

#include <algorithm>

namespace mtcp::client {

udp_places::verdict udp_places::enter(const udp::endpoint& source) {
  verdict out;
  const auto found = holders_.find(source.address());
  const std::size_t held = found == holders_.end() ? 0 : found->second.size();
  if (held >= most_.per_address || size_ >= most_.all) {
    out.gives_way = who_gives_way(source.address());
    if (!out.gives_way) return out;
    leave(*out.gives_way);
  }
  holders_[source.address()][source.port()] = ++uses_;
  ++size_;
  out.admitted = true;
  return out;
}

std::optional<udp::endpoint> udp_places::who_gives_way(const ip_address& newcomer) const {
  const auto fewer = [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); };
  const auto own = holders_.find(newcomer);
  const std::size_t held = own == holders_.end() ? 0 : own->second.size();
  const auto most = held >= most_.per_address ? own : std::ranges::max_element(holders_, fewer);
  // Of two that have as many nobody comes first: else they would take each other's places for ever.
  if (most == holders_.end() || (most != own && most->second.size() <= held + 1)) return std::nullopt;
  const auto earlier = [](const auto& a, const auto& b) { return a.second < b.second; };
  return udp::endpoint(most->first, std::ranges::min_element(most->second, earlier)->first);
}

void udp_places::used(const udp::endpoint& source) {
  const auto found = holders_.find(source.address());
  if (found == holders_.end()) return;
  const auto port = found->second.find(source.port());
  if (port != found->second.end()) port->second = ++uses_;
}

void udp_places::leave(const udp::endpoint& source) {
  const auto found = holders_.find(source.address());
  if (found == holders_.end()) return;
  size_ -= found->second.erase(source.port());
  if (found->second.empty()) holders_.erase(found);
}

}  // namespace mtcp::client
