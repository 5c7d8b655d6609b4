#include "sim/programs.hpp"

#include <algorithm>
#include <string>

#include "sim/content.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

constexpr duration open_again_after = 10ms;  // when the peer's limit of streams has been reached
constexpr auto refused_because = core::refusal::connection_refused;

}  // namespace

programs::programs(event_queue& events, endpoint& client, endpoint& server, const std::vector<stream_plan>& plans,
                   journal& log)
    : events_(events), client_(client), server_(server), log_(log) {
  for (const stream_plan& p : plans) {
    conversations_.push_back(std::make_unique<conversation>(events, p, client, server, log));
    events.at(p.start, [this, c = conversations_.back().get()] { open(*c); });
  }
}

// The port says which plan the stream follows, so that the server's end can find its part.
void programs::open(conversation& c) {
  const auto index = static_cast<std::size_t>(
      std::find_if(conversations_.begin(), conversations_.end(), [&](const auto& p) { return p.get() == &c; }) -
      conversations_.begin());
  const std::size_t size = std::min<std::uint64_t>(c.plan.early, c.plan.client.send);
  std::vector<std::byte> early(size);
  fill_content(mix(c.plan.seed), 0, early);
  const auto id = client_.engine().open({std::to_string(index), 443}, early);
  if (!id) {
    events_.after(open_again_after, [this, &c] { open(c); });
    return;
  }
  if (!by_id_.emplace(*id, &c).second) log_.fail("stream id %lu was given twice", *id);
  c.id = *id;
  const auto stats = client_.engine().stats_of_stream(*id);
  log_.note("client: stream %lu opened, plan %zu", *id, index);
  c.client.start(*id, stats ? stats->bytes_sent : 0);
  client_.changed();
}

void programs::on_client_event(const core::event& what) {
  using type = core::event::type;
  if (what.kind == type::going_away) return log_.fail("client: the server goes away, nobody asked it to");
  const auto found = by_id_.find(what.id);
  if (found == by_id_.end() || what.kind == type::incoming) {
    return log_.fail("client: event %d of unknown stream %lu", int(what.kind), what.id);
  }
  conversation& c = *found->second;
  if (what.kind == type::opened) {
    if (c.plan.refused) log_.fail("client: stream %lu opened, though refused", what.id);
    if (client_.engine().bound_address(what.id).port != 1080) log_.fail("stream %lu: wrong bound address", what.id);
    return;
  }
  if (what.kind != type::refused) return c.client.on_event(what);
  if (!c.plan.refused || what.code != static_cast<std::uint64_t>(refused_because)) {
    log_.fail("client: stream %lu refused with %lu", what.id, what.code);
  }
  c.client.refused();
}

void programs::on_server_event(const core::event& what) {
  using type = core::event::type;
  if (what.kind == type::incoming) return incoming(what.id);
  const auto found = by_id_.find(what.id);
  if (found == by_id_.end() || !found->second->known_to_server) {
    return log_.fail("server: event %d of unknown stream %lu", int(what.kind), what.id);
  }
  found->second->server.on_event(what);
}

void programs::incoming(core::stream_id id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return log_.fail("server: stream %lu was never opened", id);
  conversation& c = *found->second;
  if (c.known_to_server) return log_.fail("server: stream %lu came in twice", id);
  c.known_to_server = true;
  log_.note("server: stream %lu comes in", id);
  const core::target& to = server_.engine().target_of(id);
  if (to.port != 443 || conversations_.at(std::stoul(to.host)).get() != &c) {
    log_.fail("server: stream %lu has the wrong target %s", id, to.host.c_str());
  }
  if (c.plan.answer_after == duration{0}) return answer(c);
  events_.after(c.plan.answer_after, [this, &c] { answer(c); });
}

void programs::answer(conversation& c) {
  c.answered = true;
  log_.note("server: stream %lu %s", c.id, c.plan.refused ? "refused" : "answered");
  if (c.plan.refused) {
    server_.engine().refuse(c.id, refused_because);
    c.server.refused();
  } else {
    server_.engine().answer(c.id, {"192.0.2.1", 1080});
    c.server.start(c.id, 0);
  }
  server_.changed();
}

// ---- the end ----

bool programs::finished() const {
  return std::all_of(conversations_.begin(), conversations_.end(), [](const auto& c) {
    if (c->id == 0) return false;
    if (c->client.result().died && !c->known_to_server) return true;  // the server may never hear of it
    if (c->client.stuck_for_good() || c->server.stuck_for_good()) return true;
    return c->client.done() && c->server.done();
  });
}

void programs::note_unfinished() const {
  for (const auto& c : conversations_) {
    c->client.note_state();
    c->server.note_state();
  }
}

void programs::abandon() {
  for (const auto& c : conversations_) {
    c->client.abandon();
    c->server.abandon();
  }
}

void programs::judge() const {
  for (const auto& c : conversations_) judge(*c);
}

void programs::judge(const conversation& c) const {
  if (c.plan.refused) {
    const actor::account& seen = c.client.result();
    const bool left = seen.died || seen.receiving == actor::got::given_up;  // before it could hear of it
    if (!seen.refused && !left) log_.fail("stream %lu: the refusal did not arrive", c.id);
    return;
  }
  judge_direction(c, c.client, c.server, "up");
  judge_direction(c, c.server, c.client, "down");
}

void programs::judge_direction(const conversation& c, const actor& from, const actor& to, const char* name) const {
  const actor::account& out = from.result();
  const actor::account& in = to.result();
  const bool sender_reset = out.died || out.sending == actor::sent::reset;
  const bool receiver_left = in.died || in.receiving == actor::got::given_up;
  if (in.read > out.written) log_.fail("stream %lu %s: %lu bytes read, %lu written", c.id, name, in.read, out.written);
  if (in.receiving == actor::got::end && (in.read != out.written || out.sending != actor::sent::finished)) {
    log_.fail("stream %lu %s: ended after %lu of %lu bytes", c.id, name, in.read, out.written);
  }
  if (in.receiving == actor::got::reset && !sender_reset) {
    log_.fail("stream %lu %s: reset, though nobody reset it", c.id, name);
  }
  if (out.sending == actor::sent::stopped && !receiver_left) {
    log_.fail("stream %lu %s: the sender was stopped, though the receiver wanted all", c.id, name);
  }
  if (in.receiving == actor::got::end && out.written != from.does().send) {
    log_.fail("stream %lu %s: %lu bytes instead of %lu", c.id, name, out.written, from.does().send);
  }
}

}  // namespace mtcp::sim
