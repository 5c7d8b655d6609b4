// The keys that a server accepts, and the file that both programs read theirs from.
//
// A key file has one key per line, optionally followed by spaces and the name of its user; `#` starts a comment. Words
// with a `=` are no part of the name, but attributes of the key, which a server knows. A server that gives out keys of
// version 2 has its identity there, too, on a line of its own (several, while one follows another). The file must be a
// regular file of less than 64 MiB that nobody but its owner can access (mode 0600 or stricter).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/key.hpp"
#include "mtcp/server_identity.hpp"

namespace mtcp {

/// An immutable-by-sharing set of keys. Copies share the keys.
class key_ring {
 public:
  using entry = std::shared_ptr<const key>;
  using identity = std::shared_ptr<const server_identity>;

  /// False, and no change, if a key of this id is there already.
  bool add(key added);
  bool add(entry added);
  /// Null if there is none.
  entry find(const key_id& id) const;
  /// In the order in which they came.
  const std::vector<entry>& entries() const noexcept { return entries_; }
  /// Those of version 1 among them.
  const std::vector<entry>& first_version() const noexcept { return first_version_; }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// Those that stand for the server to whoever holds a key of version 2: max_identities at most, since each of them is
  /// tried with every client. False, and no change, if this one is there already.
  static constexpr std::size_t max_identities = 8;
  bool add(identity added);
  const std::vector<identity>& identities() const noexcept { return identities_; }
  /// Null if there is none.
  identity find(const server_public_key& known_as) const;

 private:
  struct hash_of_id {
    std::size_t operator()(const key_id& id) const noexcept {
      std::size_t hash;  // ids are random
      static_assert(sizeof hash <= sizeof id.bytes);
      std::memcpy(&hash, id.bytes.data(), sizeof hash);
      return hash;
    }
  };

  std::vector<entry> entries_;
  std::vector<entry> first_version_;
  boost::unordered_flat_map<key_id, entry, hash_of_id> by_id_;
  std::vector<identity> identities_;
};

/// Reads all keys of `path`, at least one, and the identities of the server, if there are any. Throws key_error, which
/// names the file and the line; what `check` throws as a key_error, too.
key_ring load_key_file(const std::string& path, const std::function<void(const key&)>& check = {});
inline constexpr std::size_t max_key_file = 64 << 20;  ///< bytes
/// The same of its text, which may have no key in it.
key_ring parse_key_file(const std::string& path, std::string_view text,
                        const std::function<void(const key&)>& check = {});

}  // namespace mtcp
