// What HELLO and WELCOME tell beyond their fixed fields, so that a later program can add facts without a new version of
// the protocol: the client lists what it offers, the server answers with those that it accepts. Whoever does not know a
// type ignores it, as the first release does with the whole list. common/PROTOCOL.md, section "Extensions", has the
// table of types; the idea is that of QUIC's transport parameters (RFC 9000, sections 7.4 and 18.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Most entries, and most bytes that they take on the wire together.
inline constexpr std::size_t max_extensions = 64;
inline constexpr std::size_t max_extension_bytes = 1024;

/// Types. What one says is either about the session, and counts when the session is created, or about the bridge.
enum class extension : std::uint64_t {
  resume_timeout = 1,  ///< session; one integer: for how many milliseconds it outlives its last bridge
  budget = 2,          ///< bridge; two integers: bytes that it may carry up and down, 0 for any number
  reverse = 3,         ///< session; one integer: how many streams the server may have open at once
  role = 4,            ///< bridge; one integer: its role, of which HELLO itself only tells whether it is active
  reason = 5,          ///< bridge; offered without a value; one integer in a WELCOME that refuses for a limit: which
};

/// A type that will never have a meaning: one in every HELLO keeps servers used to types that they do not know.
constexpr std::uint64_t unassigned_extension(std::uint8_t n) noexcept { return 27 + std::uint64_t{31} * n; }

class extension_list {
 public:
  struct entry {
    std::uint64_t type = 0;
    std::vector<std::byte> value;
    friend bool operator==(const entry&, const entry&) = default;
  };

  /// False if the type is listed already, or there is no room for it.
  bool add(std::uint64_t type, std::span<const std::byte> value);
  /// With one integer as the value.
  bool add(extension what, std::uint64_t number);
  /// Empty if it is not listed, or its value is anything but one integer.
  std::optional<std::uint64_t> number(extension what) const;

  /// Null if it is not listed.
  const entry* find(extension what) const { return find(static_cast<std::uint64_t>(what)); }

  const std::vector<entry>& entries() const noexcept { return entries_; }
  /// On the wire.
  std::size_t size_in_bytes() const noexcept { return bytes_; }
  friend bool operator==(const extension_list&, const extension_list&) = default;

 private:
  const entry* find(std::uint64_t type) const;

  std::vector<entry> entries_;
  std::size_t bytes_ = 0;
};

// Of extension::budget:

/// Less than this is no budget: nothing could be done with it.
inline constexpr std::uint64_t min_budget = 4096;

bool add_budget(extension_list& to, const bridge_budget& budget);
/// None in both directions if it is not listed, or has a value that cannot be.
bridge_budget budget_of(const extension_list& list);

// Of extension::role:

/// Empty if it is not listed, or is none that a bridge may have.
std::optional<path_role> role_of(const extension_list& list);
/// As those who know nothing of the extension understand it.
constexpr std::uint64_t plain_role(path_role role) noexcept { return role == path_role::active ? 0 : 1; }

// Of extension::reason:

enum class limit_reason : std::uint8_t {
  sessions = 1,  ///< of the key
  bridges = 2,   ///< of the session, or of all sessions of the key
  quota = 3,     ///< the key has carried all that it may, for now
};
/// Empty if it is not listed, or is none that this program knows.
std::optional<limit_reason> reason_of(const extension_list& list);

// Of extension::resume_timeout:

/// What this end offers or answers.
std::uint64_t resume_timeout_value(duration own);
/// For how long both ends keep a session without bridges: for the shorter of their times, or for ours if the peer did
/// not tell.
duration agreed_resume_timeout(duration own, const extension_list& peers);

// Of extension::reverse:

/// How many streams of the server's both ends allow: the smaller of their numbers. 0, and only the client opens
/// streams, if the peer did not list it, or lists none.
std::size_t agreed_reverse(std::size_t own, const extension_list& peers);

}  // namespace mtcp::core
