// The keys that a server accepts, and the file that both programs read theirs from.
//
// A key file has one key per line, optionally followed by spaces and the name of its user; `#` starts a comment. Words
// with a `=` are no part of the name, but attributes of the key, which a server knows. The file must be a regular file
// that nobody but its owner can access (mode 0600 or stricter).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mtcp/key.hpp"

namespace mtcp {

/// An immutable-by-sharing set of keys. Copies share the keys.
class key_ring {
 public:
  using entry = std::shared_ptr<const key>;

  /// False, and no change, if a key of this id is there already.
  bool add(key added);
  /// Null if there is none.
  entry find(const key_id& id) const;
  const std::vector<entry>& entries() const noexcept { return entries_; }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

 private:
  std::vector<entry> entries_;
};

/// Reads all keys of `path`, at least one. Throws key_error, which names the file and the line; what `check` throws as
/// a key_error, too.
key_ring load_key_file(const std::string& path, const std::function<void(const key&)>& check = {});

}  // namespace mtcp
