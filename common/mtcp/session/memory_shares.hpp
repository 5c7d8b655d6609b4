// How much memory the sessions of a process hold, and which of them is to give some back when it is too much. Pure.
//
// The budget is shared by owners (keys), then by their sessions: when all hold more than there is, or an owner more
// than it may, the largest session of the largest owner is the one that has to shed. So whoever takes most pays, and a
// crowd of sessions counts as the one user that they belong to.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "mtcp/core/wire/hello.hpp"

namespace mtcp {

class memory_shares {
 public:
  using owner_id = std::array<std::byte, 8>;

  /// Bytes; 0 for any number.
  explicit memory_shares(std::size_t limit) : limit_(limit) {}

  /// `of` may hold so much, over all of its sessions; 0 for as much as there is.
  void set_limit(const owner_id& of, std::size_t limit);
  void clear_limits() { limits_.clear(); }

  /// What a session holds now.
  void set(const core::session_id& which, const owner_id& of, std::size_t bytes);
  void remove(const core::session_id& which);

  std::size_t limit() const noexcept { return limit_; }
  std::size_t used() const noexcept { return used_; }
  std::size_t used_by(const owner_id& of) const;

  struct victim {
    core::session_id session;
    std::size_t excess;  ///< bytes to shed, so that there is some room again
    bool own_limit;      ///< its owner's limit is passed, and not that of all
  };
  /// Empty while all is well.
  std::optional<victim> to_shed() const;

 private:
  using ranked = std::pair<std::size_t, core::session_id>;
  struct account {
    std::size_t used = 0;
    std::set<ranked> sessions{};  // the largest last
  };
  struct entry {
    owner_id owner;
    std::size_t used;
  };

  /// A tenth of the limit is to be free afterwards, lest every turn sheds a little.
  static std::size_t excess(std::size_t used, std::size_t limit) { return used - limit + limit / 10; }
  void change(account& a, const owner_id& of, std::size_t used);

  std::size_t limit_;
  std::size_t used_ = 0;
  std::map<owner_id, account> accounts_;
  std::set<std::pair<std::size_t, owner_id>> by_size_;
  std::map<core::session_id, entry> sessions_;
  std::map<owner_id, std::size_t> limits_;
};

}  // namespace mtcp
