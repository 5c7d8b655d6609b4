// How the client keeps its bridges up: dial, greet, carry, and again.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "mtcp/net/error.hpp"
#include "mtcp/net/scope_exit.hpp"
#include "mtcp/net/tunnel_client.hpp"

namespace mtcp::detail {
namespace {

// A bridge that ends sooner than this and has hardly carried anything does not count as a success.
constexpr std::chrono::seconds short_life{1};
constexpr std::uint64_t little = 64 * 1024;

std::uint64_t share_of(std::uint64_t limit, std::size_t sharers) {
  return limit == 0 ? 0 : std::max<std::uint64_t>(limit / sharers, 1);
}

}  // namespace

std::size_t client::up_bridges(std::size_t path) const {
  if (!session_) return 0;
  const auto all = session_->core.bridges();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [path](const bridge* b) { return b->path() == path; }));
}

std::size_t client::healthy_bridges(std::size_t path) const {
  if (!session_) return 0;
  const auto all = session_->core.bridges();
  const core::engine& engine = session_->core.engine();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const bridge* b) { return b->path() == path && b->healthy(engine); }));
}

void client::maintain() {
  tune();
  for (std::size_t i = 0; i < paths_.size(); ++i) maintain(i);
  arm_timer();
}

void client::maintain(std::size_t index) {
  path_state& path = paths_[index];
  for (auto now = clock::now(); running_;) {
    const auto when = path.next_dial(healthy_bridges(index), up_bridges(index));
    if (!when || *when > now) break;
    ++path.dialling;
    path.last_dial = now;
    spawn(executor_, dial(shared_from_this(), index),
          [self = shared_from_this(), index](const auto& escaped) { self->on_dial_broken(index, escaped); });
  }
  if (session_) retire_surplus(index);
  share_rate(index);
}

// The limit of a path is for all of its bridges together.
void client::share_rate(std::size_t index) {
  const std::uint64_t limit = paths_[index].options.use.rate_limit;
  if (limit == 0 || !session_) return;
  std::vector<bridge*> sharers = session_->core.bridges();
  std::erase_if(sharers, [index](const bridge* b) { return b->path() != index || !b->in_use(); });
  for (bridge* carrier : sharers) carrier->limit_rate(session_->core, share_of(limit, sharers.size()));
}

// More bridges than wanted: fewer do as well, or suspects were replaced and have recovered. The oldest go; what is
// under way on them is sent again. As long as that is a trial they only stand by.
void client::retire_surplus(std::size_t index) {
  const path_state& path = paths_[index];
  const bool for_good = !path.tuner || path.tuner->settled();
  std::size_t healthy = healthy_bridges(index);
  for (bridge* carrier : session_->core.bridges()) {
    if (carrier->path() != index || !carrier->healthy(session_->core.engine())) continue;
    const bool surplus = healthy > path.wanted();
    if (surplus) --healthy;
    surplus&& for_good ? carrier->close(errc::not_needed) : carrier->stand_by(session_->core, surplus);
  }
}

// There is no room for one more suspect: the one that has been silent for longest goes, now that its replacement has
// shown that the network lets others through.
void client::replace_suspect(std::size_t index) {
  if (!paths_[index].crowded(up_bridges(index))) return;
  bridge* longest = nullptr;
  for (bridge* carrier : session_->core.bridges()) {
    if (carrier->path() != index || carrier->healthy(session_->core.engine())) continue;
    if (longest == nullptr || carrier->suspected_until() < longest->suspected_until()) longest = carrier;
  }
  if (longest != nullptr) longest->close(errc::bridge_silent);
}

// One path at a time: whether a trial helps is seen in what the whole tunnel carries.
void client::tune() {
  const auto tuned = [](const path_state& path) { return path.tuner.has_value(); };
  if (!session_ || std::none_of(paths_.begin(), paths_.end(), tuned)) return;
  const auto now = clock::now();
  if (now < next_sample_) return;
  const core::tunnel_stats totals = session_->core.engine().stats();
  const std::uint64_t carried = totals.payload_sent + totals.payload_received;
  const bool idle = std::exchange(carried_, carried) == carried;
  next_sample_ = now + (idle ? 5 : 1) * bridge_tuner::interval;
  if (!paths_[tuned_path_].tuner || paths_[tuned_path_].tuner->settled()) {
    do tuned_path_ = (tuned_path_ + 1) % paths_.size();
    while (!paths_[tuned_path_].tuner);
  }
  paths_[tuned_path_].tuner->sample(now, carried, healthy_bridges(tuned_path_));
}

task<> client::dial(std::shared_ptr<client> self, std::size_t index) {
  ++self->coroutines_;
  const scope_exit counted([&self] {
    --self->coroutines_;
    self->changed_.notify_all();
  });
  path_state& path = self->paths_[index];
  admitted place;
  place.use = path.options.use;
  place.use.rate_limit = share_of(place.use.rate_limit, std::max(self->up_bridges(index) + 1, path.wanted()));
  std::optional<secure_channel> channel;
  const error_code error = co_await self->bring_up(path, place, channel);
  if (!error && self->running_) {
    co_await self->carry(std::move(*channel), index, std::move(place));
  } else {
    self->on_dial_failed(path, place.session, error);
  }
  if (self->running_) self->maintain();
}

// What goes wrong with one bridge, as when there is no memory for it, ends that one only.
void client::on_dial_broken(std::size_t index, const std::exception_ptr& escaped) {
  report("a dial failed: " + message_of(escaped));
  paths_[index].retry.failed(clock::now());
  if (running_) maintain();
}

task<error_code> client::bring_up(path_state& path, admitted& place, std::optional<secure_channel>& channel) {
  const scope_exit dialled([&path] { --path.dialling; });
  connector by(executor_, path.options, options_.connect_timeout);
  dials_.insert(&by);
  const scope_exit registered([this, &by] { dials_.erase(&by); });
  error_code error = co_await by.connect(tls_, options_.key);
  if (!error) error = co_await greet(by, place);
  if (error) co_return by.explain(error);
  channel.emplace(by.take());
  co_return error;
}

// Only one dial creates a session; the others wait for its id and join.
task<error_code> client::greet(connector& by, admitted& place) {
  while (!session_ && creating_ && running_) co_await changed_.wait();
  if (!running_) co_return asio::error::operation_aborted;
  place.session = session_;
  const bool creates = !session_;
  creating_ |= creates;
  const scope_exit turn([this, creates] {
    if (!creates) return;
    creating_ = false;
    changed_.notify_all();
  });
  const core::hello hello = make_hello(place);
  const error_code error = co_await send_hello(by.channel(), hello);
  if (error) co_return error;
  auto got = co_await receive_welcome(by.channel());
  if (!got) co_return got.error();
  place.first = std::move(got->rest);
  co_return accept_welcome(got->message, place);
}

core::hello client::make_hello(admitted& place) const {
  core::hello hello;
  hello.options = place.use;
  hello.limits = core::announced(options_.limits);
  hello.bridge = place.id = place.session ? ++place.session->last_bridge : 1;
  if (!place.session) return hello;
  hello.session = place.session->id;
  hello.secret = place.session->secret;
  hello.instance = place.session->instance;
  hello.counts = place.session->core.engine().unsettled();
  return hello;
}

error_code client::accept_welcome(const core::welcome& got, admitted& place) {
  if (got.version != core::protocol_version) return errc::version_mismatch;
  if (const error_code refused = to_error(got.status)) return refused;
  if (!place.session) return begin_session(got, place), error_code();
  if (place.session != session_) return errc::unknown_session;  // it ended while we asked
  session_->core.engine().settle(got.counts, session_->core.now());
  session_->core.changed();
  return {};
}

void client::begin_session(const core::welcome& got, admitted& place) {
  session_ = place.session = std::make_shared<client_session>(executor_, options_.limits, *this);
  session_->id = got.session;
  session_->secret = got.secret;
  session_->instance = got.instance;
  session_->last_bridge = place.id;
  session_->core.engine().set_peer_limits(got.limits);
  report("session " + short_name(session_->id));
  openings_.submit(session_->core);
}

task<> client::carry(secure_channel channel, std::size_t index, admitted place) {
  path_state& path = paths_[index];
  bridge carrier(std::move(channel), place.id, place.use, index);
  session_expires_.reset();
  report("bridge " + std::to_string(carrier.id()) + " up on " + path.name);
  changed_.notify_all();
  replace_suspect(index);
  arm_timer();
  asio::post(executor_, lifeline_.guard([this, index] { share_rate(index); }));  // when the session has it
  const error_code why = co_await place.session->core.run_bridge(carrier, std::move(place.first));
  on_bridge_over(path, carrier, why);
  if (session_ && place.session == session_ && session_->core.bridge_count() == 0) on_last_bridge_lost();
}

void client::on_bridge_over(path_state& path, const bridge& carrier, error_code why) {
  if (why == errc::not_needed)
    return report("bridge " + std::to_string(carrier.id()) + " on " + path.name + " let go: " + why.message());
  ++path.lost;
  path.last_error = why.message();
  report("bridge " + std::to_string(carrier.id()) + " lost on " + path.name + ": " + path.last_error);
  if (carrier.age() < short_life && carrier.delivered() < little) {
    path.retry.failed(clock::now());
  } else {
    path.retry.reset();
  }
}

void client::on_dial_failed(path_state& path, const session_ref& tried, error_code why) {
  if (!running_) return;
  const std::string text = why.message();
  if (text != path.last_error) report("no bridge on " + path.name + ": " + text);
  path.last_error = text;
  if (why == errc::unknown_session || why == errc::foreign_instance) return on_foreign_server(path, tried);
  const bool hopeless = why == errc::limit_reached || why == errc::version_mismatch;
  hopeless ? path.retry.failed_for_long(clock::now()) : path.retry.failed(clock::now());
}

// The server process has been restarted, or it is another one. As long as any bridge lives, the session does, and this
// path has to stand back; without one nothing can be saved, and the next dial creates a session.
void client::on_foreign_server(path_state& path, const session_ref& tried) {
  if (!tried || tried != session_) return;  // the next dial tries the session of today
  if (session_->core.bridge_count() == 0) {
    report("the server has been restarted: streams are reset");
    return end_session(errc::unknown_session);
  }
  path.foreign = true;
  path.retry.failed_for_long(clock::now());
}

}  // namespace mtcp::detail
