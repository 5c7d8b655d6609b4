// What a stranger's first words cost a server: as a whole, until it is known that no key fits, and a server of many
// keys to begin with. Arguments: the version of the keys, and how many there are.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "mtcp/net/tls/tls_driver.hpp"

namespace {

using namespace mtcp;

struct many_keys {
  explicit many_keys(benchmark::State& state) {
    keys.add(server);
    for (std::int64_t i = 0; i < state.range(1); ++i) keys.add(make(state.range(0)));
  }
  key make(std::int64_t version) const { return version == 2 ? key::generate(server->public_key()) : key::generate(); }

  key_ring::identity server = std::make_shared<const server_identity>(server_identity::generate());
  key_ring keys;
};

// With a key that the server does not have.
void stranger(benchmark::State& state) {
  const many_keys all(state);
  const tls_context context = tls_context::server(all.keys);
  const auto unknown = std::make_shared<const key>(all.make(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::byte> said, answer;
    std::vector<core::slice> early;
    tls_driver client(tls_context::client(), unknown);
    benchmark::DoNotOptimize(client.handshake({}, said, early));
    state.ResumeTiming();
    tls_driver server(context);
    if (!server.handshake(said, answer, early)) state.SkipWithError("it was taken for a client");
  }
}
BENCHMARK(stranger)->ArgsProduct({{1, 2}, {1, 1'000, 100'000}})->Unit(benchmark::kMicrosecond);

void read_key_file(benchmark::State& state) {
  const many_keys all(state);
  std::string text = all.server->to_string() + "\n";
  for (const auto& one : all.keys.entries()) text += one->to_string() + " name\n";
  for (auto _ : state) benchmark::DoNotOptimize(parse_key_file("keys", text));
}
BENCHMARK(read_key_file)->ArgsProduct({{1, 2}, {100'000}})->Unit(benchmark::kMillisecond);

}  // namespace
