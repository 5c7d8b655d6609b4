#include "lab/line.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace mtcp::lines {

line::line(const line_options& options, time_point start, sink out)
    : options_(options),
      out_(std::move(out)),
      up_(options.each ? options.up.common_rate : options.up.rate, options.queue),
      down_(options.each ? options.down.common_rate : options.down.rate, options.queue),
      guard_(options.syn_gap, options.block),
      silences_(options, start) {}

void line::take(direction d, packet p, time_point now) {
  if (dark_ || silences_.at(now)) return;
  const std::optional<header> h = parse(p, d);
  if (!h) return;
  connection* c = find(*h, now);
  if (c == nullptr) return;
  c->see(*h, d, now);
  if (c->is_reset()) {
    if (!h->rst) under_way_.emplace(now + options_.delay, passage{other(d), false, reset_answering(p)});
    return;
  }
  const std::optional<time_point> leaves = c->departure(d, p.size(), now);
  if (leaves == now) return send_on(d, std::move(p), now);
  if (leaves) under_way_.emplace(*leaves, passage{d, true, std::move(p)});
}

void line::advance(time_point now) {
  while (next() <= now) {
    auto node = under_way_.extract(under_way_.begin());
    passage& p = node.mapped();
    if (p.shares)
      send_on(p.way, std::move(p.bytes), node.key());
    else
      out_(p.way, p.bytes);
  }
}

void line::send_on(direction d, packet p, time_point now) {
  const std::optional<time_point> leaves = shared(d).departure(p.size(), now);
  if (!leaves) return;
  (d == direction::up ? counts_.up : counts_.down) += p.size();
  under_way_.emplace(*leaves + options_.delay, passage{d, false, std::move(p)});
}

// A TCP packet that belongs to no connection finds nothing: a network that knows it no more, or never did.
connection* line::find(const header& h, time_point now) {
  if (h.syn) return dialled(h, now);
  if (const auto found = connections_.find(h.flow); found != connections_.end()) return &found->second;
  if (h.tcp) return nullptr;
  return &connections_.try_emplace(h.flow, options_, 0, now).first->second;
}

connection* line::dialled(const header& h, time_point now) {
  ++counts_.syns;
  if (!guard_.admit(now)) return nullptr;
  if (const auto found = connections_.find(h.flow); found != connections_.end()) {
    if (found->second.begun_by(h.sequence)) return &found->second;
    connections_.erase(found);  // its ports are used again
  }
  std::erase_if(connections_, [now](const auto& c) { return c.second.stale(now); });
  if (too_many(now)) {
    ++counts_.excess;
    punish();
    return nullptr;
  }
  return &connections_.try_emplace(h.flow, options_, h.sequence, now).first->second;
}

bool line::too_many(time_point now) const {
  if (options_.connections == 0) return false;
  const auto is_up = [now](const auto& c) { return c.first.is_tcp() && !c.second.over(now); };
  const auto up = std::ranges::count_if(connections_, is_up);
  return static_cast<std::size_t>(up) >= options_.connections;
}

void line::punish() {
  using enum line_options::punishment;
  for (auto& [flow, c] : connections_) {
    if (!flow.is_tcp()) continue;
    if (options_.punishes == freeze) c.silence();
    if (options_.punishes == reset) c.reset();
  }
}

line::counts line::count() const {
  counts all = counts_;
  all.blocks = guard_.blocks();
  return all;
}

}  // namespace mtcp::lines
