// Connections by the nested groups of addresses that they come from, and which of them goes when room is needed. Pure.
//
// An attacker who holds a whole block of addresses is one group by that: whatever number he brings, he takes places
// from himself. Every operation takes logarithmic time.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>

#include "mtcp/net/admission/origin.hpp"

namespace mtcp {

class crowd {
 public:
  using id = std::uint64_t;  ///< rises from one connection to the next, so that the lowest is the oldest

  void insert(id who, const origin& from);
  /// `who` must have been inserted with the same origin.
  void erase(id who, const origin& from);

  std::size_t size() const noexcept { return all_.size(); }
  bool empty() const noexcept { return all_.empty(); }
  /// These need !empty(). The first to go is the oldest of the largest host in the largest group, and so on inwards; of
  /// groups of one size that goes first which has been there longest.
  id oldest() const { return *all_.begin(); }
  id first_to_go() const;

  /// Connections in the largest of the widest groups, and in that of `from`.
  std::size_t largest() const;
  std::size_t size_of_group(const origin& from) const;
  /// Connections of one host. The oldest of them needs one.
  std::size_t size_of_host(const origin& from) const;
  id oldest_of_host(const origin& from) const { return *hosts_.at(from.host()).begin(); }

 private:
  struct name {
    std::size_t level = 0;  // 0: everything
    std::uint64_t prefix = 0;
    auto operator<=>(const name&) const = default;
  };
  struct hash {
    std::size_t operator()(const name& n) const noexcept;
  };
  struct group {
    std::size_t size = 0;
    id since = 0;  // the first that came while it was empty
  };
  // The groups within one are next to each other, the first to go in front.
  struct rank {
    name within;
    std::size_t room = 0;  // falls as the group grows
    id since = 0;
    name which;
    auto operator<=>(const rank&) const = default;
  };

  static name name_of(const origin& from, std::size_t level) { return {level + 1, from.groups[level]}; }
  static rank rank_of(const name& within, const name& which, const group& g);
  void resize(id who, const origin& from, bool grows);
  const rank& first_within(const name& outer) const { return *ranks_.lower_bound({outer, 0, 0, {}}); }

  std::set<id> all_;
  std::unordered_map<std::uint64_t, std::set<id>> hosts_;
  std::unordered_map<name, group, hash> groups_;
  std::set<rank> ranks_;
};

}  // namespace mtcp
