// All the programs that use the tunnel: starts them by their plans, and judges at the end whether both ends of each
// stream saw what they had to see.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/server_sessions.hpp"
#include "sim/actor.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/plan.hpp"

namespace mtcp::sim {

class programs final : public openings::listener, public reverse_listeners::listener {
 public:
  struct conversation {
    conversation(event_queue& events, const stream_plan& p, journal& log)
        : plan(p),
          client(events, side::client, p.client, mix(p.seed), mix(p.seed + 1), log),
          server(events, side::server, p.server, mix(p.seed + 1), mix(p.seed), log) {}
    stream_plan plan;
    actor client;
    actor server;
    std::optional<std::uint64_t> ticket{};  ///< while it is being opened
    std::size_t early = 0;
    std::optional<error_code> not_opened{};
    std::shared_ptr<server_session> at{};  ///< while its server's end lives
    session* asker = nullptr;              ///< of a reverse stream: the client's, until it is answered
  };

  programs(event_queue& events, const plan& p, journal& log);
  /// Who opens streams. Before any is due.
  void use(client_policy& opener) { opener_ = &opener; }

  /// At a server.
  void on_stream(std::shared_ptr<server_session> of, core::stream_id id);

  /// Nobody has anything left to do but those who are stuck for good and their peers.
  bool finished() const;
  /// For a reader of the trace: who is not done.
  void note_unfinished() const;
  /// Ends those.
  void lose_session();
  /// Reports every stream that did not end as it had to.
  void judge() const;
  const std::vector<std::unique_ptr<conversation>>& all() const noexcept { return conversations_; }

 private:
  /// What the server listens on for the client, in one session.
  class door final : public stream_listener {
   public:
    door(event_queue& events, std::shared_ptr<server_session> at, core::stream_id id);
    /// Empty while it cannot be opened.
    std::optional<core::stream_id> accept(const core::target& source);
    session& through() const { return at_->core(); }
    bool open() const noexcept { return open_; }

    void on_readable() override;
    void on_datagram() override {}
    void on_writable() override {}
    void on_stopped() override {}
    void on_refused(error_code) override {}
    void on_closed(core::reset_code) override {}
    void on_session_over(error_code) override { open_ = false; }
    const core::target& target() const override { return none_; }
    const core::target& source() const override { return none_; }
    timestamp opened_at() const override { return {}; }

   private:
    event_queue& events_;
    std::shared_ptr<server_session> at_;
    core::stream_id id_;
    core::target none_{};
    bool open_ = true;
  };

  std::size_t index_of(const conversation& c) const;
  void open(conversation& c);
  void open_reverse(conversation& c);
  void answer_reverse(conversation& c);
  void on_accepted(session& through, core::stream_id id, const reverse_options& by) override;
  void cancel(conversation& c);
  void on_opened(std::uint64_t ticket, session& through, core::stream_id id, const core::target& to,
                 bool stopped) override;
  void on_not_opened(std::uint64_t ticket, error_code why) override;
  conversation& take_ticket(std::uint64_t ticket);
  void answer(conversation& c);
  bool over(const conversation& c) const;
  void judge(const conversation& c) const;
  void judge_direction(const conversation& c, const actor& from, const actor& to, const char* name) const;

  event_queue& events_;
  journal& log_;
  bool streams_may_be_lost_;
  client_policy* opener_ = nullptr;
  std::vector<std::unique_ptr<conversation>> conversations_;
  std::map<std::uint64_t, conversation*> opening_;  // by ticket
  std::vector<std::unique_ptr<door>> doors_;        // the last one is that of today
};

}  // namespace mtcp::sim
