// How fast a path is dialled, and what the network answers to that: some block an address that sends several SYNs in a
// second or so, for a minute, and some let so many connections exist and no more. One of these per path; pure.
//
// The first dial comes at once, the next ones some 30 ms apart. A dial that nobody answers, or seconds of nothing
// but refusals, although bridges of the path are well, show a block: for a minute only the bridges that were up then
// are kept up, and after it dials come seconds apart. Each block that follows all the same doubles that; it is
// forgotten slowly. A minute later one dial looks whether the block is over; where it is a limit on the number of
// connections, that is the one vain dial a minute which it costs. It is one if a dial in place of a connection that has
// gone is answered meanwhile, and then the pace was not to blame. Where exceeding the limit ends or freezes all
// connections, it is exceeded once more, and then hardly ever. As many connections as have stood together for a while
// are no excess, should all end at once: a relay or proxy was restarted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "mtcp/session/varied.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class dial_pace {
 public:
  /// `given`: the user's pause between two dials, longer by up to a fifth by chance. 0 leaves it to what is found.
  dial_pace(core::duration given, std::uint64_t seed)
      : given_(given), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

  /// No dial before that. `connections` are those that the path has, and is dialling.
  core::timestamp not_before(std::size_t connections) const;
  /// One more beside so many would have to wait for the end of a block, or of one of them.
  bool holds(std::size_t connections, core::timestamp now) const {
    return is_beyond(connections) && now < blocked_until_;
  }
  /// A limit on their number: the server has said so, or the block has let dials through in place of some that had
  /// gone.
  bool is_limit() const noexcept { return blame_.taken_back || full_pause_ != core::duration::zero(); }
  /// How long a dial beside so many may wait for an answer to its SYN: TCP repeats it after a second, which may prolong
  /// a block. Empty while nothing is known that speaks against repeating it.
  std::optional<core::duration> patience(std::size_t connections) const;
  /// The same where others have to wait for its end.
  core::duration short_patience() const;

  /// A dial begins beside so many connections. `renewal`: one is needed so often, since bridges last for moments only.
  void begun(core::timestamp now, std::size_t beside, std::optional<core::duration> renewal = std::nullopt);
  /// One that had begun then came up: the path has so many bridges now.
  void succeeded(core::timestamp begun, std::size_t up, core::timestamp now);
  /// One that had begun then was not answered (or else refused) although some of the path's `up` bridges are well; 0 if
  /// none is.
  void failed(core::timestamp begun, std::size_t up, bool answered);
  /// The server has refused one that had begun then beside `up` bridges: it takes no more. They are kept up, and one
  /// dial now and then, more and more seldom, looks whether there is room.
  void full(core::timestamp begun, std::size_t up, core::timestamp now);
  /// A bridge of the path has ended, for whatever reason: its place is not free at once.
  void ended(core::timestamp now);
  /// A bridge of the path has ended, without being told to; so many are left. When none is, the path has collapsed.
  void lost(std::size_t left, core::timestamp now);
  /// What went unanswered of late says nothing of a block: there was no network. The pace that was found stays.
  void forgive();

  /// The pause between two dials that the path was found to need; 0 for none.
  core::duration found() const noexcept { return found_; }
  /// Until when a block is waited for.
  core::timestamp blocked_until() const noexcept { return blocked_until_; }

 private:
  /// Bridges of the path that are up together, since the last of them came up.
  struct company {
    std::size_t size = 0;
    core::timestamp since{0};
  };
  struct attempt {
    core::timestamp begun;
    std::size_t beside;
    std::size_t most = 0;  ///< bridges that the path had when one came up meanwhile
  };

  /// That the pace has set off the block.
  struct blame {
    core::timestamp block_began{0};
    core::duration pace_before{0};
    std::optional<core::timestamp> taken_back{};  ///< when a dial began that came up all the same
    bool stands = false;                          ///< and then one that did not
  };

  /// One more would be, of what a block or a limit allows.
  bool is_beyond(std::size_t connections) const { return allowed_ != 0 && connections >= allowed_; }
  bool is_careful() const { return given_ != core::duration::zero() || found_ != core::duration::zero(); }
  core::duration longer(core::duration pause, double by) { return varied(pause, 1, 1 + by, random_); }
  void forget(core::timestamp now);
  void block(core::timestamp begun, std::size_t up, core::duration time);
  void slow_down(core::timestamp begun);
  void take_back(core::timestamp begun);
  void collapsed(core::timestamp now);

  core::duration given_;
  core::duration found_{0};
  core::timestamp found_at_{0};
  core::timestamp next_{0};
  core::timestamp blocked_until_{0};
  std::size_t allowed_ = 0;      ///< connections that the path had when it was blocked; 0 while it is not
  core::timestamp look_{0};      ///< when the latest dial began that looks for room beyond these
  core::timestamp answered_{0};  ///< when the latest dial began that came up
  blame blame_;
  core::duration punished_{0};
  core::duration full_pause_{0};     ///< the server has no room: between two looks; 0 while it has
  core::timestamp full_counted_{0};  ///< when it was last found to be so
  company together_;
  std::size_t stood_ = 0;                         ///< the largest company that lasted
  std::optional<core::timestamp> losing_since_;   ///< bridges have ended since then, and none has come up
  std::optional<core::timestamp> refused_since_;  ///< when the first of the latest dials began that were all refused
  std::vector<attempt> open_;                     ///< dials without success, of late
  core::duration dial_time_{0};
  std::minstd_rand random_;
};

}  // namespace mtcp
