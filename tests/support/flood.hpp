// Strangers in great number: connections from many addresses that stay open, and are dialled anew as soon as they are
// closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <unordered_map>

#include "support/watched.hpp"

namespace mtcp::lab {

/// Allows this process, and those that it starts, so many descriptors more than it has; false if it may not.
bool make_room_for_descriptors(std::size_t more);

class flood {
 public:
  /// `count` connections to 127.0.0.1, from 100 addresses in each of `groups` networks: 127.1.0.1 to 127.1.0.100, then
  /// 127.1.1.1 and so on; `rate` dials a second at most. What is sent on each first is `greeting`.
  flood(std::uint16_t port, std::size_t count, std::size_t groups, std::size_t rate, std::string greeting = {});
  ~flood();
  flood(const flood&) = delete;
  flood& operator=(const flood&) = delete;

  /// Blocks until every connection was dialled at least once; false after 30 s.
  bool wait_until_complete() const;
  /// Connections dialled so far.
  std::size_t dialled() const { return dialled_.get(); }

 private:
  void run(const std::stop_token& stop);
  void dial(std::size_t which);
  void replace_closed();

  const std::uint16_t port_;
  const std::size_t count_;
  const std::size_t addresses_;
  const std::size_t dials_per_turn_;
  const std::string greeting_;
  int epoll_;
  std::unordered_map<std::size_t, int> open_;
  watched<std::size_t> dialled_;
  std::jthread thread_;
};

}  // namespace mtcp::lab
