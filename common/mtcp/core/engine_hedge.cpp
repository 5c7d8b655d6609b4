// Small messages on a second path: see hedge.hpp.
#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {

// A frame of that size has been written for the bridge `first`. If there is no other path it is not worth a thought.
void engine::impl::hedge_message(const bridge_state& first, const sent_frame::content& what, std::size_t size,
                                 timestamp now) {
  if (size > core::hedge::max_message) return hedge.on_bulk(size);
  hedge.on_message(size);
  const std::uint64_t path = first.options.path;
  if (hedge.wanted(now) && ranking.has_other_path(path)) hedge.add({what, size, path, now});
}

// It has arrived, is not worth sending any more, or was sent again meanwhile.
bool engine::impl::hedge_settled(const sent_frame::content& what) {
  if (const auto* f = std::get_if<sent_segment>(&what)) {
    stream_state* s = streams.find(f->stream);
    const segment* piece = s == nullptr ? nullptr : s->send.find(f->number);
    return piece == nullptr || piece->acked || piece->copies != 1 || s->send.stopped();
  }
  return only_copy(std::get<sent_control>(what)) == nullptr;
}

// Each that waits is looked at once.
void engine::impl::put_hedged(transmission& t) {
  for (std::size_t turns = hedge.size(); turns > 0; --turns) {
    core::hedge::message m = hedge.take();
    if (core::hedge::stale(m, t.now) || hedge_settled(m.what) || !hedge.may_copy(m.size, t.now)) continue;
    const bool fits = std::min({t.data_room, t.max_data, t.rest().size()}) >= m.size;
    if (fits && ranking.good_for_copy(t.bridge, m.path, t.now)) {
      put_second(t, m.what);
    } else {
      hedge.add(std::move(m));
    }
  }
}

void engine::impl::put_second(transmission& t, const sent_frame::content& what) {
  const std::size_t before = t.out.size();
  if (const auto* f = std::get_if<sent_segment>(&what)) {
    counters.hedged_bytes += f->size;
    put_segment(t, *streams.find(f->stream), f->number);
  } else {
    const auto& c = std::get<sent_control>(what);
    t.took(write_control(t, c.item, *slot_of(c.item)));
  }
  ++counters.hedged_frames;
  hedge.on_copy(t.out.size() - before);
}

}  // namespace mtcp::core
