// Who did what through this server: a file with a JSON object (RFC 8259) a line, for those who must be able to say.
//
//   {"time": "2026-11-29T05:40:42.123Z", "event": "stream", "user": "alice", "key": "<id>", "session": "0123abcd",
//    "from": "192.0.2.7", "to": "example.org:443", "address": "198.51.100.7:443", "bytes_up": 517, "bytes_down": 4096,
//    "seconds": 1.25, "ended": "closed"}
//
// A connection that was accepted for a client (mtcp-client --reverse) has the event "accepted", its visitor as
// `address` and the place where the server listens as `to`; `bytes_down` came from the visitor.
//
// The file is made for its owner alone, and appended to. Nobody waits for it: a line is one write, and one that is not
// taken, since the disk is full, is lost. That is logged once, and how many there were when lines are taken again.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/acceptor.hpp"

namespace mtcp::server {

class audit_log {
 public:
  audit_log() = default;
  audit_log(const audit_log&) = delete;
  audit_log& operator=(const audit_log&) = delete;
  ~audit_log() { close(); }

  /// Opens the file, also if it is open already: it may have been renamed. Empty: nothing is written. Throws
  /// program::settings_error, and goes on as before.
  void open(const std::string& path);
  bool is_on() const;

  /// One event of a client's.
  struct record {
    std::string_view event;  ///< "stream", "accepted", "udp", "refused"
    std::string_view user, from, session;
    key_id key{};
    std::string to{};       ///< HOST:PORT as the client named it; of what was accepted, where the server listened
    std::string address{};  ///< that was dialled, or that it came from
    std::vector<std::string> destinations{};  ///< of datagrams: the first ones
    std::uint64_t bytes_up = 0, bytes_down = 0;
    std::chrono::nanoseconds lasted{0};
    std::string_view ended{};  ///< why
  };
  void write(const record& what);
  /// A tunnel has begun, or ended.
  void write(std::string_view event, std::string_view user, std::string_view session, std::string_view from);

 private:
  void close();
  void append(std::string line);

  mutable std::mutex mutex_;  // protects what follows
  std::string path_;
  int file_ = -1;
  bool broken_line_ = false;  // the last one was not taken as a whole
  std::uint64_t lost_ = 0;    // lines
};

}  // namespace mtcp::server
