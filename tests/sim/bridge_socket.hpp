// One end of a simulated connection, as a session uses it: what a socket with its TLS channel is to the programs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "mtcp/session/session.hpp"
#include "sim/connection.hpp"
#include "sim/event_queue.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {

class bridge_socket final : public mtcp::link {
 public:
  /// `closed` is called in a later event, once: the bridge is to be detached then. What is delivered is cut into up to
  /// `max_cuts` pieces more.
  bridge_socket(event_queue& events, connection& carrier, side which, std::size_t path, std::size_t max_cuts,
                random chance, std::function<void()> closed)
      : events_(events),
        carrier_(carrier),
        side_(which),
        path_(path),
        max_cuts_(max_cuts),
        chance_(chance),
        closed_handler_(std::move(closed)) {}

  /// The bridge is about to be attached.
  void attach(session& into, core::bridge_id id) {
    session_ = &into;
    id_ = id;
  }

  // From the network.
  void delivered(core::slice bytes);
  void writable();
  void lost(const char* why);

  // From the session.
  error_code write(std::span<const core::byte_piece> frames) override;
  bool pending() const override { return !rest_.empty(); }
  std::size_t unsent_bytes() override { return static_cast<std::size_t>(out().unsent()); }
  void set_unsent_limit(std::size_t bytes) override { out().set_low_water(bytes); }
  void await_room() override;
  std::optional<core::tcp_info> tcp_info(core::timestamp now) override {
    if (now >= next_postponement_) out().postpone_pause();
    if (now >= next_postponement_) next_postponement_ = now + std::chrono::seconds(4);
    core::tcp_info known = out().info();
    known.received = carrier_.out(other(side_)).received();
    return known;
  }
  core::duration handshake_rtt() const override { return carrier_.round_trip(); }
  std::size_t header_size() const override { return 0; }
  void close() override;
  std::string local() const override { return address(side_); }
  std::string remote() const override { return address(other(side_)); }

 private:
  std::string address(side of) const { return std::string(name_of(of)) + "." + std::to_string(path_) + ":1"; }
  sim::tcp_flow& out() const { return carrier_.out(side_); }
  void flush();

  event_queue& events_;
  connection& carrier_;
  side side_;
  std::size_t path_;
  std::size_t max_cuts_;
  random chance_;
  std::function<void()> closed_handler_;
  session* session_ = nullptr;
  core::bridge_id id_ = 0;
  std::vector<std::byte> rest_;  ///< written, and not yet taken by the connection
  core::timestamp next_postponement_{0};
  bool waits_for_room_ = false;
  bool flushes_ = false;
  bool closed_ = false;
};

}  // namespace mtcp::sim
