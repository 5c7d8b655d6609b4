// What a segment costs in the sessions of both ends: written, cut, framed, parsed, put in order, read and acknowledged,
// without sockets and TLS. One iteration is one segment; time is virtual.
#include <benchmark/benchmark.h>

#include <vector>

#include "allocations.hpp"
#include "mtcp/core/engine.hpp"
#include "session/fake_end.hpp"

namespace {

using namespace mtcp::core;
using mtcp::test::fake_end;
using namespace std::chrono_literals;

class tunnel {
 public:
  explicit tunnel(bridge_id bridges)
      : client_(role::client, {}, now_), server_(role::server, {}, now_), bytes_(chunk_ref::make()) {
    for (fake_end* end : {&client_, &server_})
      for (bridge_id id = 1; id <= bridges; ++id) end->attach(id, {}, now_);
    stream_ = client_.engine().open({"example.org", 443}, {}, now_).value();
    turn();
    server_.engine().answer(stream_, {}, now_);
    for (int i = 0; i < 4; ++i) turn();
  }

  /// So many bytes of one chunk, by reference, as a relay writes them. A turn of both ends when the engine has enough.
  void send(std::size_t size) {
    while (client_.engine().write(stream_, slice(bytes_, 0, size), now_).size == 0) turn();
    sent += size;
  }
  void turn() {
    now_ += 100us;
    for (fake_end* end : {&client_, &server_}) {
      fake_end& peer = end == &client_ ? server_ : client_;
      end->work(now_);
      end->send([&](bridge_id id, std::span<slice> bytes) { peer.core.receive(id, bytes, now_); });
      end->events.clear();
    }
    received += server_.engine().read(stream_, slices_, 64 << 20, now_).size;
    slices_.clear();
  }

  std::size_t sent = 0, received = 0;

 private:
  timestamp now_ = 1s;
  fake_end client_, server_;
  stream_id stream_ = 0;
  chunk_ref bytes_;
  std::vector<slice> slices_;
};

// Arguments: bytes of a segment, bridges.
void segment(benchmark::State& state) {
  tunnel pair(static_cast<bridge_id>(state.range(1)));
  const auto size = static_cast<std::size_t>(state.range(0));
  for (int i = 0; i < 2000; ++i) pair.send(size);  // the caps have grown
  const std::size_t before = micro::allocated_bytes();
  for (auto _ : state) pair.send(size);
  const auto count = static_cast<double>(state.iterations());
  state.counters["allocated"] = static_cast<double>(micro::allocated_bytes() - before) / count;
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(segment)->ArgsProduct({{64, 1024, 16 * 1024}, {1, 4, 8}});

}  // namespace
