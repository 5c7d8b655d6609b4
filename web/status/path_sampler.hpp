// What paths did between two looks at the tunnels. At a client a path has its name; at a server, which knows none, all
// bridges of a user count as one path that has the user's.
#pragma once

#include <map>
#include <string>

#include "mtcp/snapshot.hpp"
#include "status/path_sample.hpp"

namespace mtcp::status {

class path_sampler {
 public:
  /// By name. A path without a bridge is there, too, and did nothing.
  std::map<std::string, path_sample> between(const acceptor_snapshot& before, const acceptor_snapshot& now);

 private:
  // What bridges had in flight when they were lost is counted by the tunnel only: it goes to the path that lost one
  // last.
  std::map<std::string, std::string> losers_;  // by session
};

}  // namespace mtcp::status
