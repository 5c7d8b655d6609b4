#include "mtcp/net/tunnel_client.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "mtcp/net/error.hpp"

namespace mtcp::detail {
namespace {

// Between two looks at whether suspects have recovered that were replaced.
constexpr std::chrono::milliseconds surplus_interval{500};

}  // namespace

client::client(const executor& where, tunnel_options options)
    : executor_(where), options_(std::move(options)), tls_(tls_context::client()), changed_(where), timer_(where) {
  if (options_.paths.empty()) throw std::invalid_argument("a tunnel needs a path");
  for (const path_options& path : options_.paths) {
    if (path.bridges == 0) throw std::invalid_argument("a path needs a bridge");
    path_state next(path, options_);
    next.distinguish_from(paths_);
    paths_.push_back(std::move(next));
  }
}

// ---- from beginning to end ----

task<> client::run(std::shared_ptr<client> self) {
  self->running_ = !self->stopped_;
  self->maintain();
  while (self->running_ || self->coroutines_ != 0) co_await self->changed_.wait();
  self->end_session(errc::going_away);
}

task<error_code> client::wait_up(std::shared_ptr<client> self, std::size_t bridges) {
  while (!self->stopped_ && (!self->session_ || self->session_->core.bridge_count() < bridges))
    co_await self->changed_.wait();
  co_return self->stopped_ ? error_code(asio::error::operation_aborted) : error_code();
}

void client::stop(std::chrono::milliseconds patience) {
  running_ = false;
  stopped_ = true;
  timer_.cancel();
  openings_.fail_all(asio::error::operation_aborted);
  for (connector* dial : dials_) dial->abort();
  const bool listened_to = session_ && session_->core.bridge_count() != 0;
  listened_to ? session_->core.leave(patience) : end_session(errc::going_away);
  changed_.notify_all();
}

// The application lets go: what is still running ends by itself, and tells nobody any more.
void client::abort() {
  options_.on_event = nullptr;
  stop();
  end_session(errc::going_away);
}

// ---- opening streams ----

void client::open(std::uint64_t ticket, open_request request, open_completion done) {
  if (stopped_) return done(asio::error::operation_aborted, {});
  openings_.add(ticket, std::move(request), std::move(done), clock::now() + options_.resume_timeout);
  if (session_ && !session_->server_leaves) return openings_.submit(session_->core);
  arm_timer();
}

void client::cancel_open(std::uint64_t ticket) { openings_.cancel(ticket, session_ ? &session_->core : nullptr); }

// ---- the session ----

void client::on_event(const core::event& what) {
  using type = core::event::type;
  switch (what.kind) {
    case type::opened:
    case type::refused:
    case type::writable:
    case type::stopped:
      return openings_.on_event(session_->core, what);
    case type::bridge_suspect:
      if (bridge* carrier = session_->core.find_bridge(what.id)) carrier->suspect(options_.suspicion);
      return maintain();
    case type::going_away:
      session_->server_leaves = true;
      return report("the server is about to leave");
    case type::failed:
      report("the server broke the protocol: the tunnel is over");
      return end_session(errc::protocol_violation);
    default:
      return;
  }
}

// The session may be at work further up the stack, so it is destroyed only in the next turn.
void client::end_session(error_code why) {
  if (!session_) return;
  session_->core.end(why);
  openings_.fail_sent(asio::error::connection_reset);
  session_expires_.reset();
  asio::post(executor_, [last = std::exchange(session_, nullptr)] {});
  for (path_state& path : paths_) path.foreign = false;
}

void client::on_last_bridge_lost() {
  if (session_->server_leaves || session_->core.ended()) return end_session(errc::going_away);
  report("no bridge is left: streams wait");
  session_expires_ = clock::now() + options_.resume_timeout;
  for (path_state& path : paths_)
    if (std::exchange(path.foreign, false)) path.retry.reset();
}

// One timer for all that waits: the session without bridges, streams without a session, paths that pause.
void client::arm_timer() {
  std::optional<clock::time_point> next = session_expires_;
  const auto consider = [&next](clock::time_point when) { next = next ? std::min(*next, when) : when; };
  if (const auto expiry = openings_.next_expiry()) consider(*expiry);
  for (std::size_t i = 0; i < paths_.size() && running_; ++i) {
    const std::size_t up = up_bridges(i);
    if (const auto dial = paths_[i].next_dial(healthy_bridges(i), up)) consider(*dial);
    if (up > paths_[i].wanted()) consider(clock::now() + surplus_interval);
    if (session_ && paths_[i].tuner) consider(next_sample_);
  }
  if (!next || stopped_) return;
  timer_.expires_at(*next);
  timer_.async_wait(lifeline_.guard([this](error_code error) {
    if (!error) on_timer();
  }));
}

void client::on_timer() {
  const auto now = clock::now();
  if (session_expires_ && *session_expires_ <= now) {
    report("no bridge came back in time: streams are reset");
    end_session(errc::session_expired);
  }
  openings_.expire(now);
  maintain();
}

void client::report(const std::string& line) const {
  if (options_.on_event) options_.on_event(line);
}

bool client::close_stream(core::stream_id id) { return session_ && session_->core.reset_stream(id); }

bool client::set_bridge_enabled(core::bridge_id id, bool on) {
  bridge* carrier = session_ ? session_->core.find_bridge(id) : nullptr;
  if (carrier == nullptr) return false;
  carrier->set_enabled(session_->core, on);
  share_rate(carrier->path());
  report("bridge " + std::to_string(id) + (on ? " enabled" : " disabled"));
  return true;
}

tunnel_snapshot client::snapshot() const {
  using state = tunnel_snapshot::state;
  tunnel_snapshot out;
  out.now = stopped_ ? state::stopped : state::connecting;
  for (std::size_t i = 0; i < paths_.size(); ++i) out.paths.push_back(paths_[i].snapshot(up_bridges(i)));
  if (!session_) return out;
  session_->core.describe(out);
  out.session = short_name(session_->id);
  if (!stopped_) out.now = out.bridges.empty() ? state::down : state::up;
  for (bridge_snapshot& b : out.bridges) {
    b.path_name = paths_[b.path].name;
    b.reconnects = paths_[b.path].lost;
  }
  return out;
}

}  // namespace mtcp::detail
