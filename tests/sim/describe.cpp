#include <cstdio>

#include "sim/scenarios.hpp"

namespace mtcp::sim {

namespace {

double millis(duration d) { return d == duration::max() ? -1 : static_cast<double>(d.count()) * 1e-6; }

template <class... Values>
void add(std::string& out, const char* format, Values... values) {
  char line[512];
  std::snprintf(line, sizeof line, format, values...);
  out += line;
}

void describe(std::string& out, const char* name, const path_plan::direction& d) {
  add(out, "  %s %.3f MB/s queue %zu burst %zu loss %.4f", name, static_cast<double>(d.narrow.rate) * 1e-6,
      d.narrow.queue, d.narrow.burst, d.loss);
  if (d.police) add(out, " policed to %.3f MB/s", static_cast<double>(d.police->rate) * 1e-6);
}

void describe(std::string& out, const char* name, const end_plan& e) {
  static constexpr const char* endings[] = {"end", "reset_send", "reset", "close"};  // in the order of the enumerators
  add(out, "  %s sends %lu then %s", name, e.send, endings[static_cast<int>(e.after)]);
  if (e.turn > 0) add(out, " in turns of %lu for %lu", e.turn, e.reply_to);
  if (e.read_rate > 0) add(out, " reads at %lu", e.read_rate);
  if (e.stuck_at) add(out, " stuck at %lu for %.0f ms", *e.stuck_at, millis(e.stuck_for));
  if (e.stop_at) add(out, " stops at %lu", *e.stop_at);
  if (e.die_at) add(out, " dies at %lu", *e.die_at);
}

void describe(std::string& out, const char* name, const core::limits& l) {
  add(out, "%s: receive %zu send %zu window %zu/%zu early %zu streams %zu\n", name, l.receive_budget, l.send_budget,
      l.window_start, l.window_small, l.early_limit, l.max_streams);
}

}  // namespace

std::string describe(const plan& p) {
  std::string out;
  add(out, "plan %s, seed %lu\n", p.name.c_str(), p.seed);
  describe(out, "client", p.client);
  describe(out, "server", p.server);
  for (std::size_t i = 0; i < p.paths.size(); ++i) {
    const path_plan& path = p.paths[i];
    add(out, "path %zu: rtt %.1f ms jitter %.1f", i, millis(path.round_trip()), millis(path.jitter));
    describe(out, "up", path.up);
    describe(out, "down", path.down);
    add(out, "%s, %s, carries %d limit %lu, %u bridges%s to server %zu", path.shared ? " shared" : "",
        name_of(path.options.role), static_cast<int>(path.options.carries), path.options.rate_limit, path.bridges,
        path.tune ? " or more" : "", path.server);
    add(out, ", dials refused %.1f, hang %.1f, WELCOME lost %.1f\n", path.dial_refused, path.dial_hangs,
        path.welcome_lost);
  }
  static constexpr const char* kinds[] = {"hold", "swallow", "rate",   "reset",
                                          "cut",  "lose",    "silence"};  // in the order of the enumerators
  for (const fault& f : p.faults) {
    add(out, "fault at %.0f ms or after %ld bytes: path %zu %s %.0f ms value %lu%s\n", millis(f.at),
        f.after_bytes ? static_cast<long>(*f.after_bytes) : -1L, f.path, kinds[static_cast<int>(f.what)],
        millis(f.length), f.value, f.persistent ? " persistent" : "");
  }
  for (const absence& a : p.absences)
    add(out, "interface of path %zu %s at %.0f ms for %.0f ms\n", a.path, a.unplugged ? "gone" : "without route",
        millis(a.at), millis(a.length));
  static constexpr const char* incidents[] = {"server crash", "server exit", "server drain", "client exit",
                                              "key removed",  "time jump"};  // in the order of the enumerators
  for (const incident& i : p.incidents) {
    add(out, "%s of %zu at %.0f ms for %.0f ms\n", incidents[static_cast<int>(i.what)], i.server, millis(i.at),
        millis(i.length));
  }
  add(out, "sessions outlive their bridges by %.0f ms%s\n", millis(p.resume_timeout),
      p.streams_may_be_lost ? "; streams may be lost" : "");
  for (std::size_t i = 0; i < p.streams.size(); ++i) {
    const stream_plan& s = p.streams[i];
    add(out, "stream plan %zu:%s at %.0f ms early %zu%s answered after %.0f ms", i, s.reverse ? " reverse," : "",
        millis(s.start), s.early, s.refused ? " refused" : "", millis(s.answer_after));
    if (s.cancel_after) add(out, " cancelled after %.0f ms", millis(*s.cancel_after));
    describe(out, "client", s.client);
    describe(out, "server", s.server);
    out += "\n";
  }
  return out;
}

}  // namespace mtcp::sim
