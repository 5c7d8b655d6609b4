#include "sim/goodput.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

double seconds(duration d) { return static_cast<double>(d.count()) * 1e-9; }

// A frame of 64 KiB has a header of 4 bytes, a stream id and an offset; small ones, acks and credit add a little.
constexpr double frame_share = 0.9985;
constexpr double record_share = 16384.0 / (16384 + 22);

}  // namespace

std::vector<path_plan> paths_of(const std::vector<bridge_line>& bridges) {
  std::vector<path_plan> paths;
  for (const bridge_line& b : bridges) {
    path_plan p;
    p.delay = b.round_trip / 2;
    p.up.narrow.rate = p.down.narrow.rate = static_cast<std::uint64_t>(b.rate);
    p.up.narrow.queue = p.down.narrow.queue = static_cast<std::size_t>(b.rate * seconds(b.queue));
    paths.push_back(p);
  }
  return paths;
}

std::vector<path_plan> shared_line(const bridge_line& line, std::size_t count) {
  std::vector<path_plan> paths(count, paths_of({line}).front());
  for (path_plan& p : paths) p.shared = 0;
  return paths;
}

plan download_plan(const char* name, const std::vector<bridge_line>& bridges, std::uint64_t size) {
  plan p;
  p.name = name;
  p.seed = 1;
  p.redial.reset();  // a bridge that is only suspected must not be doubled: the sum of the rates would rise
  p.paths = paths_of(bridges);
  stream_plan bulk;
  bulk.seed = 1;
  bulk.bulk = true;
  bulk.server.send = size;
  p.streams = {bulk};
  return p;
}

double ideal(double rate) { return rate * record_share * frame_share; }

std::uint64_t downloaded(const tunnel& run, std::size_t index) {
  return run.streams().all().at(index)->client.result().read;
}

double rate_between(tunnel& run, timestamp from, timestamp to) {
  run.run_until(from);
  const std::uint64_t before = downloaded(run);
  run.run_until(to);
  return static_cast<double>(downloaded(run) - before) * 1e9 / static_cast<double>((to - from).count());
}

measurement measure(const plan& p, timestamp from, timestamp to) {
  plan endless = p;
  endless.streams.at(0).server.send = UINT64_MAX / 2;
  tunnel run(endless);
  run.run_until(from);
  const std::uint64_t before = downloaded(run);
  const std::size_t suspected_before = run.count().suspected;
  const core::tunnel_stats sent_before = run.server_engine().stats();
  run.run_until(to);
  const core::tunnel_stats sent = run.server_engine().stats();
  measurement m;
  m.rate = static_cast<double>(downloaded(run) - before) / seconds(to - from);
  const actor::account& reader = run.streams().all()[0]->client.result();
  m.longest_pause = std::max(reader.longest_pause, to - reader.last_read);
  m.suspected = run.count().suspected - suspected_before;
  m.retransmitted_share = static_cast<double>(sent.retransmitted_bytes - sent_before.retransmitted_bytes) /
                          std::max(1.0, static_cast<double>(sent.payload_sent - sent_before.payload_sent));
  return m;
}

namespace {

// A connection that is never short of bytes.
class plain_sender {
 public:
  plain_sender(event_queue& events, const path_plan& p, const bottleneck_pair& narrow, const tcp_flow::options& tcp,
               random chance)
      : forward_(events, line_options(p, p.down, narrow.down), chance.fork()),
        backward_(events, line_options(p, p.up, narrow.up), chance.fork()),
        flow_(events, forward_, backward_, tcp,
              {[this] { fill(); }, [this](const core::slice& s) { received_ += s.size(); }, [] {}, [] {}}) {}

  void fill() {
    static const std::vector<std::byte> block(16384);
    while (flow_.room() > 0) flow_.write(block);
  }
  std::uint64_t received() const { return received_; }

 private:
  line forward_, backward_;
  tcp_flow flow_;
  std::uint64_t received_ = 0;
};

std::uint64_t received(const std::vector<std::unique_ptr<plain_sender>>& all) {
  std::uint64_t sum = 0;
  for (const auto& s : all) sum += s->received();
  return sum;
}

}  // namespace

double plain_tcp(const std::vector<path_plan>& paths, timestamp from, timestamp to, const tcp_flow::options& tcp,
                 std::uint64_t seed) {
  event_queue events;
  random chance(seed);
  std::vector<std::unique_ptr<plain_sender>> senders;
  std::map<std::size_t, bottleneck_pair> shared;
  for (const path_plan& p : paths) {
    bottleneck_pair narrow{std::make_shared<bottleneck>(events, p.up.narrow),
                           std::make_shared<bottleneck>(events, p.down.narrow)};
    if (p.shared) narrow = shared.emplace(*p.shared, narrow).first->second;
    senders.push_back(std::make_unique<plain_sender>(events, p, narrow, tcp, chance.fork()));
    senders.back()->fill();
  }
  events.run_until(from);
  const std::uint64_t before = received(senders);
  events.run_until(to);
  return static_cast<double>(received(senders) - before) / seconds(to - from);
}

double completion(const plan& p) {
  tunnel run(p);
  run.run();
  const actor::account& reader = run.streams().all()[0]->client.result();
  if (reader.receiving != actor::got::end) return 1e9;
  return seconds(reader.last_read - p.streams[0].start);
}

// The time T at which all bridges together have carried `size`: sum of rate * max(0, T - start) = size.
double ideal_completion(const std::vector<bridge_line>& bridges, double size) {
  double low = 0, high = 1e6;
  for (int i = 0; i < 200; ++i) {
    const double t = (low + high) / 2;
    double carried = 0;
    for (const bridge_line& b : bridges) carried += ideal(b.rate) * std::max(0.0, t - seconds(b.round_trip));
    (carried < size ? low : high) = t;
  }
  return high;
}

}  // namespace mtcp::sim
