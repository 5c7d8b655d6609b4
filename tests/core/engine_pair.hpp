// Two engines and bridges between them that deliver at once or when told: for tests of single behaviours. Sessions
// drive them, as everywhere. Bytes in motion over realistic bridges are the simulator's job.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/engine.hpp"
#include "session/fake_end.hpp"

namespace mtcp::core::test {

using namespace std::chrono_literals;

/// What an engine sends on a bridge, in one place.
inline std::vector<std::byte> frames_for(engine& from, bridge_id id, timestamp now) {
  static gather_list frames(256 * 1024);
  frames.clear(256 * 1024);
  from.poll_transmit(id, frames, now);
  std::vector<std::byte> all(frames.size());
  frames.copy_to(all);
  return all;
}

class engine_pair {
 public:
  explicit engine_pair(const limits& l = {}, int bridge_count = 2)
      : client_end_(role::client, l, now), server_end_(role::server, l, now) {
    for (int i = 0; i < bridge_count; ++i) add_bridge();
    run();
  }

  bridge_id add_bridge(const bridge_options& options = {}) {
    const bridge_id id = next_++;
    wires_[id] = {};
    client_end_.attach(id, options, now);
    server_end_.attach(id, options, now);
    return id;
  }
  /// The server alone takes it for up.
  bridge_id add_half_bridge() {
    server_end_.attach(next_, {}, now);
    return next_++;
  }
  /// The bridge ends on both sides; what was on its way is lost.
  void cut(bridge_id id) {
    wires_.erase(id);
    client_end_.detach(id, now);
    server_end_.detach(id, now);
  }
  /// What the bridge carries is lost from now on, and nobody is told.
  void silence(bridge_id id) { wires_[id].silent = true; }
  /// The same of what it carries to this end alone.
  void silence_to(const engine& end, bridge_id id) { wires_[id].deaf = &end; }
  /// What the bridge carries waits from now on, until it is released.
  void hold(bridge_id id) { wires_[id].held = true; }
  void release(bridge_id id) {
    wires_[id].held = false;
    for (auto& [to, bytes] : std::exchange(wires_[id].waiting, {})) to->core.receive(id, bytes, now);
  }

  /// Moves bytes for so long, in steps of a millisecond.
  void run(duration time = 100ms) {
    for (const timestamp end = now + time; now < end; now += 1ms) step();
  }
  /// What one end would send on a bridge now, without delivering it.
  std::vector<std::byte> poll(engine& from, bridge_id id) {
    from.transmit_order(now);
    return frames_for(from, id, now);
  }

  std::vector<event> events(engine& of) { return std::exchange(of_events(of), {}); }
  template <class Event>
  bool has_event(engine& of) {
    return std::ranges::any_of(of_events(of), [](const event& e) { return std::holds_alternative<Event>(e); });
  }
  std::string read(engine& of, stream_id id, std::size_t most = 1 << 20) {
    if (room_.size() < most) room_.resize(most);  // once: to clear a fresh one takes longer than all the rest
    last_read = of.read(id, std::as_writable_bytes(std::span(room_).first(most)), now);
    return {room_.data(), last_read.size};
  }
  /// The server sends for so long as much as is taken; the client reads it. Returns how much that was.
  std::size_t download(stream_id id, duration time) {
    std::size_t got = 0;
    for (const timestamp end = now + time; now < end;) {
      server.write(id, bytes_of(std::string(64 * 1024, 'x')), now);
      run(1ms);
      got += read(client, id).size();
    }
    return got;
  }
  /// An answered stream.
  stream_id open(const target& to = {"example.org", 443}) {
    const stream_id id = client.open(to, {}, now).value();
    run(20ms);
    server.answer(id, {"192.0.2.1", 5}, now);
    run(20ms);
    return id;
  }

  timestamp now = 1s;
  read_result last_read;

 private:
  using fake_end = mtcp::test::fake_end;
  struct wire {
    bool silent = false;
    const engine* deaf = nullptr;
    bool held = false;
    std::vector<std::pair<fake_end*, std::vector<slice>>> waiting;
  };

  std::vector<event>& of_events(engine& of) { return (&of == &client ? client_end_ : server_end_).events; }

  void step() {
    for (fake_end* from : {&client_end_, &server_end_}) {
      fake_end& to = from == &client_end_ ? server_end_ : client_end_;
      from->work(now);
      from->send([&](bridge_id id, std::vector<slice>& bytes) { carry(to, id, bytes); });
    }
  }
  void carry(fake_end& to, bridge_id id, std::vector<slice>& bytes) {
    wire& by = wires_[id];
    if (by.silent || by.deaf == &to.core.engine()) return;
    if (by.held) {
      by.waiting.emplace_back(&to, std::move(bytes));
    } else {
      to.core.receive(id, bytes, now);
    }
  }

  bridge_id next_ = 1;
  std::vector<char> room_;
  std::map<bridge_id, wire> wires_;
  fake_end client_end_, server_end_;

 public:
  engine& client = client_end_.engine();
  engine& server = server_end_.engine();
};

}  // namespace mtcp::core::test
