// What a segment costs in the engines of both ends: written, cut, framed, parsed, put in order, read and acknowledged,
// without sockets and TLS. One iteration is one segment; time is virtual.
#include <benchmark/benchmark.h>

#include <vector>

#include "allocations.hpp"
#include "mtcp/core/engine.hpp"

namespace {

using namespace mtcp::core;
using namespace std::chrono_literals;

class tunnel {
 public:
  explicit tunnel(bridge_id bridges) : client_(role::client, {}), server_(role::server, {}), bytes_(chunk_ref::make()) {
    for (engine* end : {&client_, &server_}) {
      end->set_peer_limits(announced({}), now_);
      for (bridge_id id = 1; id <= bridges; ++id) end->bridge_up(id, {}, now_);
    }
    stream_ = client_.open({"example.org", 443}, {}, now_).value();
    turn();
    server_.answer(stream_, {}, now_);
    for (int i = 0; i < 4; ++i) turn();
  }

  /// So many bytes of one chunk, by reference, as a relay writes them. A turn of both ends when the engine has enough.
  void send(std::size_t size) {
    while (client_.write(stream_, slice(bytes_, 0, size), now_).size == 0) turn();
    sent += size;
  }
  void turn() {
    now_ += 100us;
    for (engine* end : {&client_, &server_}) {
      if (const auto due = end->poll_timeout(); due && *due <= now_) end->handle_timeout(now_);
      deliver(*end, end == &client_ ? server_ : client_);
      while (end->poll_event()) {
      }
    }
    received += server_.read(stream_, slices_, 64 << 20, now_).size;
    slices_.clear();
  }

  std::size_t sent = 0, received = 0;

 private:
  static constexpr std::size_t most = 256 * 1024;

  void deliver(engine& from, engine& to) {
    const auto order = from.transmit_order(now_);
    for (const bridge_id id : std::vector(order.begin(), order.end())) {
      frames_.clear(most);
      from.poll_transmit(id, frames_, now_);
      // As TLS hands it out: in chunks that the reorder buffer keeps.
      for (piece_reader reader(frames_.pieces()); reader.left() > 0;) {
        chunk_ref chunk = chunk_ref::make();
        std::size_t filled = 0;
        while (filled < chunk_capacity && reader.left() > 0) {
          const byte_piece piece = reader.next(chunk_capacity - filled);
          std::ranges::copy(piece, chunk.data() + filled);
          filled += piece.size();
        }
        to.handle_input(id, slice(std::move(chunk), 0, filled), now_);
      }
    }
  }

  engine client_, server_;
  timestamp now_ = 1s;
  stream_id stream_ = 0;
  chunk_ref bytes_;
  gather_list frames_{most};
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
