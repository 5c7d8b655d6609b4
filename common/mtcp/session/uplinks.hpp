// Which paths there are where the user has given a pattern of interfaces instead of one (interface=wl*): one for every
// uplink that fits. An uplink is an interface with a default route, as USB tethering, Wi-Fi and a cable bring one along
// and take it away. Pure: what interfaces there are comes in, with the time; what is to change comes out.
//
// A path comes with its uplink at once. It goes after a while without it: to renew a DHCP lease, or to change the
// access point, takes the route away for a moment, and no bridge has to end for that. When the interface itself is
// gone, or another one has its name, nothing of it comes back: the path goes at once.
//
// And which interfaces have become uplinks, for paths that are there in any case: what was dialled in vain before may
// lead somewhere now.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp {

/// An interface of this machine.
struct interface_state {
  std::string name{};
  unsigned index = 0;      ///< of one that is gone no other one gets it
  bool is_uplink = false;  ///< it has a default route, and could be a path
  friend bool operator==(const interface_state&, const interface_state&) = default;
};

/// Whether what stands for an interface is a pattern: it has * or ? in it.
bool is_interface_pattern(std::string_view text);
/// * stands for any characters, ? for one, anything else for itself.
bool fits_pattern(std::string_view pattern, std::string_view name);

class uplinks {
 public:
  static constexpr std::chrono::seconds hold{3};  ///< a path outlives its uplink by this much
  /// Paths by patterns, in one tunnel. Each begins with some four bridges, and a server lets a session have 128: half
  /// of these are enough for a machine that has grown many uplinks by mistake.
  static constexpr std::size_t max_paths = 16;

  /// An interface, or a pattern, and where the path leads: an interface is one path to a destination, however often it
  /// is given.
  struct wish {
    std::string interface {};
    std::string destination{};
  };
  struct change {
    bool comes = false;       ///< or it goes
    std::size_t pattern = 0;  ///< index
    std::string interface {};
  };

  uplinks() = default;
  /// Of several patterns that fit an interface the first one has it. `named`: the paths that are there in any case.
  uplinks(std::vector<wish> patterns, std::vector<wish> named);

  /// All interfaces that there are.
  void see(std::vector<interface_state> present, core::timestamp now);
  /// To be asked until there is none.
  std::optional<change> next_change(core::timestamp now);
  std::optional<core::timestamp> next_deadline() const;

  /// The interfaces that have become uplinks since the first look, each told once.
  std::vector<std::string> take_arrivals() { return std::exchange(arrived_, {}); }

  std::size_t patterns() const noexcept { return patterns_.size(); }
  /// How many paths a pattern has.
  std::size_t count(std::size_t pattern) const;
  /// An uplink fits, and has no path, since there are as many as there may be.
  bool full() const;

 private:
  struct path {
    std::size_t pattern;
    std::string interface;
    unsigned index;
    std::optional<core::timestamp> goes_at{};  ///< set while it has no uplink
  };

  const interface_state* find(const std::string& name) const;
  void note_arrivals(const std::vector<interface_state>& fresh);
  std::optional<change> missing() const;
  bool has(std::size_t pattern, const std::string& interface) const;
  bool wants(std::size_t pattern, const std::string& interface) const;

  std::vector<wish> patterns_, named_;
  std::vector<interface_state> present_;
  bool seen_any_ = false;  ///< there was a first look
  std::vector<std::string> arrived_;
  bool may_miss_one_ = false;  ///< a path for one of these
  std::vector<path> paths_;
};

}  // namespace mtcp
