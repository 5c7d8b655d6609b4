// Which bridges of a path should give way to fresh ones, because the network treats a connection worse the longer it
// lives or the more it has carried. One of these per path; pure.
//
// A bridge that delivers much less than it did, although there is traffic and the others do not carry what it lacks,
// gets a successor. If that delivers much more than the old one does now, the old one has faded: it is retired, and
// what it had carried, and how old it was, is remembered. Where the old ones recover by themselves, or successors prove
// no better, it was the line or the reader; then the next look is put off, longer and longer.
//
// What connections of this path were found to bear (fade_watch) is used in advance: bridges get their successors before
// they fade or die, each at another point, so that they never have one age. A first finding is put to the proof: one
// bridge is let go on to where it would have faded.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>

#include "mtcp/rotation_options.hpp"
#include "mtcp/session/fade_watch.hpp"
#include "mtcp/session/freeze_watch.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class rotation {
 public:
  /// How often observe() should be called while there is traffic.
  static constexpr std::chrono::milliseconds interval{100};

  /// What is planned counts as found, and is never doubted.
  rotation(const rotation_options& options, std::uint64_t seed);

  /// A bridge of the path. Bytes are of frames that got through, since it came up.
  struct observed {
    core::bridge_id id;
    core::timestamp up_since;
    std::uint64_t up, down;
    core::duration round_trip;
    bool may_be_doubted = true;  ///< false of one that gets a successor for another reason
    bool has_budget = false;     ///< how it ends tells nothing
  };
  /// All of them: what one carries that is left out here would be missed. `has_room`: the path may have one more, as
  /// far as is known.
  void observe(core::timestamp now, std::span<const observed> bridges, bool has_room = true);

  /// A successor is wanted for it: it should not count among those that the path has.
  bool outgoing(core::bridge_id id) const;
  /// Bridges carry less than they did, so that what is carried has other reasons than their number.
  bool doubting() const;
  /// Bridges get their successors in time, as far as it was found when they would end.
  bool foresees() const { return found().bytes.has_value() || found().age.has_value(); }
  /// It has something to do also while nothing is carried: bridges that grow too old, or are on their way out.
  bool acts_when_idle() const { return found().age.has_value() || turning(); }
  /// It should get no new data.
  bool retired(core::bridge_id id) const;
  /// It was told so long ago that what was on its way then has come, unless the bridge has faded.
  bool retired_for_long(core::bridge_id id, core::timestamp now) const;

  /// Why a bridge was retired, for people: "faded after 64 MB".
  std::string why_retired(core::bridge_id id, core::timestamp now) const;

  /// A bridge has ended by itself, or was silent for so long that it counts as dead.
  void lost(core::bridge_id id);
  /// It has gone for any other reason.
  void forget(core::bridge_id id);
  /// Connections that the network freezes: bridges that are known to end so have a budget, and are not observe()d.
  freeze_watch& freezes() noexcept { return freezes_; }
  const freeze_watch& freezes() const noexcept { return freezes_; }
  /// A bridge with a budget wants a successor, so long after it came up.
  void wore_out(core::duration after) { life_ = life_ ? *life_ + (after - *life_) / 8 : after; }
  /// How long bridges with a budget have lasted lately. A path that wants N of them needs N dials in this time, and
  /// those that are on their way when it begins. Empty if bridges have none.
  std::optional<core::duration> expected_life() const { return freezes_.finds() ? life_ : std::nullopt; }
  core::duration dial_time() const { return dial_time_; }
  /// From the start of a dial to the bridge.
  void dial_took(core::duration time) { dial_time_ = time; }

  /// What one connection of this path was found to bear.
  const fade_watch::finding& found() const noexcept { return fades_.found(); }

 private:
  enum class phase : std::uint8_t { fresh, doubted, outgoing, retired };
  enum class cause : std::uint8_t { faded, bytes, age };  ///< of a retirement: seen, or foreseen
  struct bridge_record {
    phase now = phase::fresh;
    core::timestamp up_since{0};
    core::timestamp since{0};  ///< of its phase
    std::uint64_t up = 0, down = 0;
    double rate = 0;    ///< of late, both directions together, bytes per second
    double latest = 0;  ///< the same since the last look alone
    double best = 0;    ///< the highest of these lately
    int brisk = 0;      ///< looks in a row at which it carried about as much
    double share = 1;   ///< of what connections bear, at which it gets its successor
    std::uint64_t bytes_when_well = 0;
    core::timestamp well_at{0};
    bool may_be_doubted = true, has_budget = false;
    bool contested = false;                        ///< doubted, and a successor carries something
    bool gives_room = false;                       ///< doubted, and ended in advance: its rate is what it was then
    bool gone = false;                             ///< the same, once it is closed
    std::map<core::bridge_id, double> rates_then;  ///< of the path, when it was doubted, before that
    int beaten = 0;                                ///< looks in a row at which a successor was much better
    cause retired_for = cause::faded;

    fade_watch::extent well() const { return {bytes_when_well, well_at - up_since}; }
  };

  bool turning() const;
  void measure(bridge_record& b, const observed& seen, double seconds);
  void weigh(core::timestamp now, double seconds);
  bool has_grown(core::timestamp since, core::timestamp now) const;
  bool has_slowed(const bridge_record& b) const;
  bool has_dropped(const bridge_record& b) const;
  bool is_missed(const bridge_record& b) const;
  bool lags(const bridge_record& b) const;
  bool all_is_carried() const;
  void doubt(core::timestamp now);
  void make_room(core::timestamp now);
  void judge(core::timestamp now);
  void look_ahead(core::timestamp now);
  void learn(const bridge_record& b, bool faded);
  void unlearn(core::timestamp now);
  void put_off(core::timestamp now, core::duration at_least);
  std::optional<core::duration> bears(core::bridge_id id) const;
  bool wants_proof() const;
  bool proves(const bridge_record& b) const { return b.share > 1; }
  double random_share();
  struct comparison {
    double best_young = 0;                         ///< of the bridges that came up since
    std::optional<core::timestamp> first_young{};  ///< when the first of them did
    double elders = 0;                             ///< all others together
    double elders_then = 0;  ///< before these came, but of what has faded since what that carries now
  };
  std::map<core::bridge_id, double> rates() const;
  comparison compare(const bridge_record& doubted) const;
  void enter(bridge_record& b, phase next, core::timestamp now);
  void retire(bridge_record& b, cause why, core::timestamp now);

  bool planned_;
  std::map<core::bridge_id, bridge_record> bridges_;
  fade_watch fades_{interval};
  double total_ = 0, best_total_ = 0;  // of the path, as rates of bridges
  double latest_ = 0;                  // the same since the last look alone
  int slump_ = 0;                      // looks in a row at which that was but a small part of the best
  int idle_ = 0;                       // looks in a row at which it was next to nothing
  core::timestamp busy_at_{0};         // when it was last more
  core::timestamp begun_at_{0};        // when the path last did that
  core::timestamp complete_at_{0};     // when it last carried about its best, or had no time to grow to it
  core::timestamp last_look_{0};
  core::timestamp quiet_until_{0};  // no doubts before
  core::duration pause_{0};
  core::duration dial_time_ = std::chrono::milliseconds(200);
  core::duration round_trip_{0};
  freeze_watch freezes_;
  std::optional<core::duration> life_;
  std::minstd_rand random_;
};

}  // namespace mtcp
