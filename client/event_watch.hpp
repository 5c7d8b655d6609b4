// What happens to a tunnel and its paths, for the command of --on-event. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mtcp/snapshot.hpp"
#include "program/event_queue.hpp"

namespace mtcp::client {

class event_watch {
 public:
  /// Since it was last asked. What has not been up yet does not go down. `server` is where the tunnel leads.
  std::vector<program::event> changes(const tunnel_snapshot& now, const std::string& server);

 private:
  struct standing {
    bool up = false;
    bool used_up = false;
  };

  bool up_ = false;
  bool used_up_ = false;
  std::map<std::string, standing> paths_;
};

}  // namespace mtcp::client
