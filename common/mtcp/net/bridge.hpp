// One bridge, alive: moves frames between an engine and a secure channel.
//
// Late binding: frames are taken from the engine only when the socket can send them soon, so that the engine decides as
// late as possible what goes where. The socket counts as full while it holds engine::send_slack() of unsent bytes
// (TCP_NOTSENT_LOWAT).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/lifeline.hpp"
#include "mtcp/net/secure_channel.hpp"
#include "mtcp/net/snapshot.hpp"

namespace mtcp {

class session;

class bridge {
 public:
  /// `path` is the caller's number for the path; statistics repeat it.
  bridge(secure_channel channel, core::bridge_id id, const core::bridge_options& use, std::size_t path = 0);

  core::bridge_id id() const noexcept { return id_; }
  const core::bridge_options& use() const noexcept { return use_; }
  std::size_t path() const noexcept { return path_; }
  const std::string& local() const noexcept { return local_; }
  const std::string& remote() const noexcept { return remote_; }
  std::chrono::nanoseconds age() const { return std::chrono::steady_clock::now() - started_; }

  /// Bytes of frames that reached their end, both ways together; known once read_all() has returned.
  std::uint64_t delivered() const noexcept { return delivered_; }

  /// Reads frames into the session's engine until the connection ends, or close() is called. Returns the reason.
  task<error_code> read_all(session& into, std::vector<core::slice> first);

  /// Tells the engine what the kernel knows of the path, if it is time again. Before the engine ranks its bridges.
  void report_path_info(core::engine& to, core::timestamp now);
  /// Takes frames from the engine and sends them, once; false if there was nothing to send or no room for it.
  bool transmit(session& from, core::timestamp now);

  /// Closes the connection; read_all() then returns `why`. Idempotent.
  void close(error_code why);
  bool closed() const noexcept { return closed_; }

  /// Carries data only while no bridge that is not on stand-by can; ends again with `on` false. The peer is told.
  void stand_by(session& of, bool on);
  /// The same at the user's wish: neither ends the other.
  void set_enabled(session& of, bool on);

  /// Neither of both.
  bool in_use() const noexcept { return !stands_by_ && enabled_; }
  /// Bytes per second in each direction, 0 for no limit. The peer is told.
  void limit_rate(session& of, std::uint64_t rate);

  /// The engine, or the peer's, has found it to make no progress. The peer does not tell that this is over: after
  /// `how_long` the bridge is dead or well.
  void suspect(std::chrono::milliseconds how_long);
  std::chrono::steady_clock::time_point suspected_until() const noexcept { return suspect_until_; }
  /// Open, not suspected by this end's engine, nor of late by either.
  bool healthy(const core::engine& engine) const;

  void describe(const session& of, bridge_snapshot& out) const;

 private:
  std::size_t unsent_bytes(std::size_t slack);
  void wait_for_room(session& from);
  void on_room(session& from, error_code error);
  void adapt_unsent_limit(std::size_t slack);
  void postpone_pause(core::timestamp now);
  void tell_role(session& of);

  secure_channel channel_;
  core::bridge_id id_;
  core::bridge_options use_;
  std::size_t path_;
  std::string local_, remote_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point suspect_until_{};
  std::uint64_t delivered_ = 0;
  error_code why_;
  bool closed_ = false;
  bool stands_by_ = false;
  bool enabled_ = true;
  bool waiting_for_room_ = false;
  std::size_t unsent_ = 0;  ///< at most so many bytes are in the socket and not sent
  std::size_t unsent_limit_ = 0;
  core::timestamp next_path_info_{0};
  core::timestamp next_postponement_{0};
  detail::lifeline lifeline_;
};

/// ADDRESS:PORT, IPv6 in brackets.
std::string to_string(const tcp::endpoint& endpoint);

}  // namespace mtcp
