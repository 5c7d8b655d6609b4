// One end of the tunnel: an engine, and around it what the net layer does for it. Its work is done once per instant,
// after everything that happened at that instant, as an event loop would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "sim/connection.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {

/// The engine was called without end at one instant, or nearly so.
struct livelock : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class endpoint {
 public:
  /// What it does not see to itself.
  struct handlers {
    std::function<void(const core::event&)> on_event;  ///< of streams, and of the tunnel
    std::function<void(core::bridge_id)> lost;         ///< the bridge is gone
    std::function<void(core::bridge_id)> suspect;
  };

  endpoint(event_queue& events, side which, const core::limits& limits, std::size_t most_cuts, random chance,
           journal& log, handlers h);
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  core::engine& engine() noexcept { return engine_; }
  const core::engine& engine() const noexcept { return engine_; }
  side which() const noexcept { return side_; }

  /// The handshake on `carrier` has ended; it must outlive the endpoint.
  void attach(core::bridge_id id, connection& carrier, const core::bridge_options& use);
  bool attached(core::bridge_id id) const noexcept { return bridges_.contains(id); }
  std::size_t bridge_count() const noexcept { return bridges_.size(); }
  std::vector<core::bridge_id> bridge_ids() const;

  void delivered(core::bridge_id id, core::slice bytes);
  void closed(core::bridge_id id, const char* why);
  /// The engine was used: see to what follows from it, at the end of this instant.
  void changed();

 private:
  struct attachment {
    connection* carrier;
    std::vector<std::byte> rest;  ///< polled, and not yet taken by the link
    timestamp next_path_info{0};
  };

  void work();
  void report_path_info();
  void dispatch_events();
  void dispatch(const core::event& what);
  void close_bridge(core::bridge_id id, const char* why);
  bool offer_to_bridges();
  bool transmit(core::bridge_id id, attachment& bridge);
  bool flush(attachment& bridge);
  void deliver_cut(core::bridge_id id, const core::slice& bytes);
  void count_work();
  void check_memory();
  void within(const char* what, std::size_t bytes, std::size_t allowed);
  void on_deadline();

  event_queue& events_;
  side side_;
  core::engine engine_;
  std::size_t most_cuts_;
  random chance_;
  journal& log_;
  handlers handlers_;
  std::map<core::bridge_id, attachment> bridges_;
  core::gather_list frames_;
  std::vector<std::byte> staging_;
  bool work_is_due_ = false;
  timer deadline_;
  std::int64_t busy_millisecond_ = -1;
  std::uint64_t work_in_it_ = 0;
  timestamp next_memory_check_{0};
};

}  // namespace mtcp::sim
