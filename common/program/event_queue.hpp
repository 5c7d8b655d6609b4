// What has happened and waits for the command of --on-event, which is run for one at a time. Pure.
//
// Only the latest of what happened to the same thing is kept: a path that went and is back is up, and nobody needs to
// know of an hour ago. So there are no more than there are things, and no more than a number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mtcp::program {

struct event {
  std::string name;                                              ///< "path-down"
  std::string about;                                             ///< names the thing to which it happened
  std::vector<std::pair<std::string, std::string>> variables{};  ///< for the command's environment
};

class event_queue {
 public:
  static constexpr std::size_t most = 64;

  /// Takes the place of an earlier one about the same. False if the oldest one had to give way.
  bool add(event what) {
    std::erase_if(waiting_, [&](const event& one) { return one.about == what.about; });
    waiting_.push_back(std::move(what));
    if (waiting_.size() <= most) return true;
    waiting_.pop_front();
    return false;
  }
  std::optional<event> next() {
    if (waiting_.empty()) return std::nullopt;
    event first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  std::deque<event> waiting_;
};

}  // namespace mtcp::program
