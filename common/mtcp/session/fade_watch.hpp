// After how many bytes or seconds connections of one path fade or die: what most of the latest ends have in common. One
// of these per path; pure.
//
// A first finding is to be put to the proof: one bridge goes on to where it would have faded, and either does or shows
// that there is no such rule. Connections that die together at one age may have met an accident, or their age; their
// successors would die together again. That is a guess, which some of these should not wait for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp {

class fade_watch {
 public:
  /// What one connection was found to bear.
  struct finding {
    std::optional<std::uint64_t> bytes{};  ///< in both directions together
    std::optional<core::duration> age{};
  };
  /// As far as a connection did well: so many bytes had got through, at such an age.
  struct extent {
    std::uint64_t bytes;
    core::duration age;
  };
  /// How one came to its end.
  struct ending {
    core::timestamp at;  ///< when it last did well
    extent well;
    double rate;  ///< bytes per second, at its best
    bool faded;   ///< seen beside a successor that had not; else it fell silent or was lost
  };

  /// Bytes are counted once in `look`: of what is carried in that time nobody knows which was the last.
  explicit fade_watch(core::duration look) : look_(look) {}

  /// This holds, whatever is learnt.
  void plan(const finding& f) { found_ = f; }
  /// In every other case.
  void learn(const ending& one);
  void forget();
  /// One does well so far, which may refute a guess.
  void lives(const extent& so_far);

  const finding& found() const noexcept { return found_; }
  /// The age of those that ended together last, where nothing is known.
  std::optional<core::duration> guess() const noexcept { return guess_; }
  /// A bridge went on to where it was to fade, and did.
  bool proven() const noexcept { return proven_; }
  void prove() { proven_ = true; }

  /// It has come to about where others have faded.
  bool is_near(const extent& well) const;
  /// It fades where others have faded.
  bool bears_out(const extent& well, double rate) const;
  /// It was to have ended long ago: at `times` of what others bore.
  bool is_beyond(double times, const extent& well) const;

 private:
  bool same_bytes(std::uint64_t a, std::uint64_t b, double rate) const;
  void conclude();
  std::optional<core::duration> common_age_of_the_last() const;

  core::duration look_;
  std::vector<ending> endings_;  // the latest
  finding found_;
  std::optional<core::duration> guess_;
  bool proven_ = false;
};

}  // namespace mtcp
