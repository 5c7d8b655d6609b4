// Counts what the paths with a quota carry, in all tunnels that have them, takes them out of use when it is used up,
// and keeps the counts in the program's directory.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mtcp/snapshot.hpp"
#include "program/quota_book.hpp"
#include "program/state_dir.hpp"
#include "quota.hpp"

namespace mtcp::client {

using program::date;

/// A tunnel, as far as its metered paths go.
class metered_tunnel {
 public:
  struct meter {
    std::string path;
    path_quota granted;
    core::path_role role;       ///< while there is something left
    std::uint64_t counted = 0;  ///< of what it has carried
    bool is_taken_out = false;
  };
  std::vector<meter> meters{};

  /// Bytes of packets that the path has carried since the tunnel began.
  virtual std::uint64_t on_wire(const std::string& path) const = 0;
  virtual void use_as(const std::string& path, core::path_role role) = 0;

 protected:
  ~metered_tunnel() = default;
};

class quota_keeper {
 public:
  /// Where it keeps its counts; may be null. Throws settings_error if they are damaged.
  explicit quota_keeper(std::shared_ptr<const program::state_dir> directory);

  /// This tunnel is used from now on, until it goes.
  void grant(metered_tunnel& to);
  /// Counts what these have carried since the last look. What day it is decides what has been used up.
  void look(std::span<metered_tunnel* const> all, date today, core::timestamp now);
  /// When to look again, at the latest; empty if nothing is metered.
  std::optional<core::duration> next_look() const;
  /// Keeps the counts, at once.
  void save() { book_.save(counts()); }

  /// Empty if the path has no quota.
  std::optional<quota_snapshot> describe(const std::string& path) const;

 private:
  struct account {
    program::quota_account counted;
    core::path_role then;
  };

  void apply(metered_tunnel& to) const;
  static void tell(const std::string& path, const account& of, bool used_up_before);
  std::vector<program::quota_book::entry> counts() const;

  std::shared_ptr<const program::state_dir> directory_;
  program::quota_book book_;
  std::map<std::string, account> accounts_;
};

}  // namespace mtcp::client
