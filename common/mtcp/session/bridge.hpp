// A bridge that is up, as its session keeps it: moves frames from the engine to its link, and knows whether it should
// be used. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/core/engine.hpp"
#include "mtcp/error.hpp"
#include "mtcp/session/link.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp {

class bridge {
 public:
  /// `path` is the caller's number for the path; statistics repeat it. The link must outlive the bridge.
  bridge(core::bridge_id id, link& connection, const core::bridge_options& use, std::size_t path, core::timestamp now)
      : link_(connection), id_(id), use_(use), path_(path), up_since_(now) {}

  core::bridge_id id() const noexcept { return id_; }
  std::size_t path() const noexcept { return path_; }
  core::duration age(core::timestamp now) const noexcept { return now - up_since_; }

  /// Tells the engine what TCP knows of the connection, if it is time again. Before the engine ranks its bridges.
  void report_tcp_info(core::engine& to, core::timestamp now);
  /// Takes frames from the engine and sends them, once; false if there was nothing to send or no room for it.
  bool transmit(core::engine& from, core::timestamp now);
  void on_room() noexcept { waits_for_room_ = false; }

  /// Closes the link; `why` is kept for when the bridge is detached. Idempotent: the first reason counts.
  void close(error_code why);
  bool closed() const noexcept { return closed_; }
  error_code why_closed() const noexcept { return why_; }
  /// Bytes that TCP had got across when it was closed, both ways together; 0 if unknown.
  std::uint64_t carried() const noexcept { return carried_; }
  /// Bytes that its packets had, both ways together, with those that were sent again and the headers of TCP and IP.
  /// Costs a system call.
  std::uint64_t on_wire(core::timestamp now);

  /// Why a bridge rests: it carries data only while no bridge that does not rest can. Each reason ends by itself.
  enum class rest : std::uint8_t {
    surplus = 1,   ///< the path has as many as it needs without it, or tries whether it has
    disabled = 2,  ///< the user wishes it
    retired = 4,   ///< it has faded, or is about to: it is closed once nothing is under way on it
    unwanted = 8,  ///< its path is to have none: the same
  };
  /// True if that changed anything; the peer is to be told then, so the session has work.
  bool set_rest(core::engine& of, rest why, bool on);
  bool rests_for(rest why) const noexcept { return (rests_ & static_cast<unsigned>(why)) != 0; }
  bool in_use() const noexcept { return rests_ == 0; }
  /// Returns the same as set_rest().
  bool use_as(core::engine& of, core::path_role role);
  /// Bytes per second in each direction, 0 for no limit. Returns the same as set_rest().
  bool limit_rate(core::engine& of, std::uint64_t rate);

  /// The engine, or the peer's, has found it to make no progress. It still counts as healthy, until it is suspected.
  void doubt(const core::engine& engine, core::timestamp now);
  /// Since when it is in doubt, if it is.
  std::optional<core::timestamp> doubted_since() const noexcept { return doubted_since_; }
  /// Something has arrived on it since then, and this end's engine does not suspect it.
  bool moves(const core::engine& engine) const;
  /// The doubt is over, without cause.
  void trust() noexcept { doubted_since_.reset(); }
  /// The same, with one. The peer does not tell that this is over: at `until` the bridge is dead or well.
  void suspect(core::timestamp now, core::timestamp until) noexcept;
  core::timestamp suspected_until() const noexcept { return suspect_until_; }
  /// Open, and not suspected by this end's engine, nor of late by either; or only in doubt.
  bool healthy(const core::engine& engine, core::timestamp now) const;

  /// From `when` on a successor is wanted for it: bridges are renewed now and then, with fresh secrets.
  void renew_from(core::timestamp when) noexcept { renews_at_ = when; }
  core::timestamp renews_at() const noexcept { return renews_at_; }
  /// That time has come: it is used until the successor is there.
  void age_out(bool on) noexcept { aged_ = on; }
  bool aged() const noexcept { return aged_; }

  /// How much of its budget a bridge has used up, if it has one.
  enum class wear : std::uint8_t { none, half, all };
  bool has_budget() const noexcept { return use_.budget.any(); }
  wear worn() const noexcept { return worn_; }
  /// Looks again; true if it has changed.
  bool review_budget(const core::engine& engine);
  /// What TCP knows of its connection, now. Costs a system call.
  core::tcp_info tcp_info(core::timestamp now) { return link_.tcp_info(now).value_or(core::tcp_info{}); }

  /// Why it carries little, as far as this end knows.
  restraint restrained_by(const core::engine& engine, core::timestamp now) const;
  /// This end knows of nothing that is under way on it, and nothing has arrived for a while. To be asked repeatedly.
  bool is_quiet(const core::engine& engine, core::timestamp now);
  /// Bytes of frames that reached their end, both ways together.
  std::uint64_t delivered(const core::engine& engine) const;
  void describe(const core::engine& engine, core::role side, core::timestamp now, bridge_snapshot& out) const;

 private:
  std::size_t unsent_bytes();
  void wait_for_room();
  void adapt_unsent_limit(std::size_t slack);
  void tell_use(core::engine& of);
  std::uint64_t on_wire_of(const core::tcp_info& known) const;

  link& link_;
  core::bridge_id id_;
  core::bridge_options use_;
  std::size_t path_;
  core::timestamp up_since_;
  std::optional<core::timestamp> doubted_since_;
  std::uint64_t received_by_then_ = 0;
  core::timestamp suspect_since_{0}, suspect_until_{0};
  core::timestamp next_tcp_info_{0};
  core::timestamp last_change_{0};  ///< of received_before_
  std::uint64_t received_before_ = 0;
  error_code why_;
  std::uint64_t carried_ = 0;  ///< by TCP, until it was closed
  std::uint64_t on_wire_ = 0;  ///< the same, by packets
  std::size_t unsent_ = 0;     ///< at most so many bytes are in the connection and not sent
  std::size_t unsent_limit_ = 0;
  core::timestamp renews_at_ = core::timestamp::max();
  bool closed_ = false;
  bool aged_ = false;
  bool waits_for_room_ = false;
  wear worn_ = wear::none;
  std::uint8_t rests_ = 0;  ///< reasons, as bits
};

}  // namespace mtcp
