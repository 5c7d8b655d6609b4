// How fast a path is dialled, and what the network answers to that: some block an address that sends several SYNs in a
// second or so, for a minute, and some let so many connections exist and no more. One of these per path; pure.
//
// The first dial comes at once, the next ones some 30 ms apart. A dial that nobody answers, or seconds of nothing
// but refusals, although bridges of the path are well, show a block: for a minute only the bridges that were up then
// are kept up, and after it dials come seconds apart. Each block that follows all the same doubles that; it is
// forgotten slowly. A minute later one dial looks whether the block is over; where it is a limit on the number of
// connections, that is the one vain dial a minute which it costs. Where exceeding the limit ends or freezes all
// connections, it is exceeded once more, and then hardly ever.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp {

class dial_pace {
 public:
  /// `given`: the user's pause between two dials, longer by up to a fifth by chance. 0 leaves it to what is found.
  dial_pace(core::duration given, std::uint64_t seed)
      : given_(given), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

  /// No dial before that. `connections` are those that the path has, and is dialling.
  core::timestamp not_before(std::size_t connections) const;
  /// How long a dial may wait for an answer to its SYN: TCP repeats it after a second, which may prolong a block. Empty
  /// while nothing is known that speaks against repeating it.
  std::optional<core::duration> patience() const;

  /// A dial begins beside so many connections. `renewal`: one is needed so often, since bridges last for moments only.
  void begun(core::timestamp now, std::size_t beside, std::optional<core::duration> renewal = std::nullopt);
  /// One that had begun then came up.
  void succeeded(core::timestamp begun, core::timestamp now);
  /// One that had begun then was not answered (or else refused) although `well` bridges of the path are well.
  void failed(core::timestamp begun, std::size_t well, bool answered);
  /// All bridges of the path have ended, without being told to.
  void collapsed(core::timestamp now);

  /// The pause between two dials that the path was found to need; 0 for none.
  core::duration found() const noexcept { return found_; }
  /// Until when a block is waited for.
  core::timestamp blocked_until() const noexcept { return blocked_until_; }

 private:
  struct attempt {
    core::timestamp begun;
    std::size_t beside;
  };

  core::duration varied(core::duration pause, double by);
  void forget(core::timestamp now);
  void block(core::timestamp begun, std::size_t connections, core::duration time);

  core::duration given_;
  core::duration found_{0};
  core::timestamp found_at_{0};
  core::timestamp next_{0};
  core::timestamp blocked_until_{0};
  std::size_t allowed_ = 0;  ///< connections that the path had when it was blocked; 0 while it is not
  core::duration punished_{0};
  std::optional<core::timestamp> refused_since_;  ///< when the first of the latest dials began that were all refused
  std::vector<attempt> open_;                     ///< dials without success, of late
  core::duration dial_time_{0};
  std::minstd_rand random_;
};

}  // namespace mtcp
