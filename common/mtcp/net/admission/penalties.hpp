// Which addresses a server listens to no more for a while, since their connections fail again and again. Pure: the time
// is a parameter.
//
// As OpenSSH's PerSourcePenalties (sshd_config(5)): each failure costs its address a time, times add up, and pass. Once
// they come to `min_penalty` the address is locked out until they have passed, at most for `max_penalty`. Whoever
// authenticates is forgiven. Silence costs nothing: the network may have swallowed what a client said, and others stand
// behind the address of a flood. So a key that was mistyped once costs nobody anything, and a scanner is heard four
// times.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "mtcp/admission_options.hpp"
#include "mtcp/stranger.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class penalties {
 public:
  using address = boost::asio::ip::address;

  explicit penalties(const penalty_options& how) : how_(how) {}

  void add(const address& from, stranger why, core::timestamp now);
  void forgive(const address& from);
  bool locks_out(const address& from, core::timestamp now) const;

  struct row {
    address from;  ///< of its last failure
    core::duration left;
  };
  /// Those that are locked out, the longest first; `most` at the most.
  std::vector<row> locked_out(std::size_t most, core::timestamp now) const;
  std::size_t size() const noexcept { return index_.size(); }

 private:
  struct entry {
    std::uint64_t host;
    address from{};
    core::timestamp over{0};
    bool locked = false;
  };
  using place = std::list<entry>::iterator;

  bool is_locked(const entry& e, core::timestamp now) const { return e.locked && now < e.over; }
  entry& touch(const address& from);

  penalty_options how_;
  std::list<entry> recent_;  // the last to fail first
  std::unordered_map<std::uint64_t, place> index_;
};

}  // namespace mtcp
