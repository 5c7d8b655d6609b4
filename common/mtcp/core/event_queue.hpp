// Events that wait for the program to ask for them.
#pragma once

#include <deque>
#include <optional>

#include "mtcp/core/event.hpp"

namespace mtcp::core {

class event_queue {
 public:
  void push(const event& what) { waiting_.push_back(what); }
  std::optional<event> poll() {
    if (waiting_.empty()) return {};
    const event first = waiting_.front();
    waiting_.pop_front();
    return first;
  }
  /// The program has let go of the stream: events of it would name something that it no longer knows.
  void drop(stream_id id) {
    std::erase_if(waiting_, [id](const event& what) { return stream_of(what) == id; });
  }

 private:
  std::deque<event> waiting_;
};

}  // namespace mtcp::core
