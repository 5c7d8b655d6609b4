// What the TLS driver costs beside the cipher: sizes are those of single sends.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "mtcp/net/tls/tls_driver.hpp"

namespace {

using namespace mtcp;

struct connection {
  connection() {
    std::vector<std::byte> up, down;
    std::vector<core::slice> early;
    bool wrong = client.handshake({}, up, early).failed();
    while (!wrong && !(client.established() && server.established())) {
      const std::vector<std::byte> flight = std::exchange(up, {});
      wrong = server.handshake(flight, down, early).failed();
      const std::vector<std::byte> answer = std::exchange(down, {});
      if (!wrong && !client.established()) wrong = client.handshake(answer, up, early).failed();
    }
    if (wrong) throw std::runtime_error("the handshake failed");
  }

  static key_ring ring_of(const key& only) {
    key_ring ring;
    ring.add(only);
    return ring;
  }

  const key shared = key::generate();
  tls_driver client{tls_context::client(), std::make_shared<const key>(shared)};
  tls_driver server{tls_context::server(ring_of(shared))};
};

void report(benchmark::State& state, std::size_t allocated) {
  state.counters["allocated"] = static_cast<double>(allocated) / static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

std::span<std::byte> encrypt_all(tls_driver& by, std::span<const core::byte_piece> plain, std::vector<std::byte>& out) {
  core::piece_reader reader(plain);
  return std::span(out).first(by.encrypt(reader, reader.left(), out, {}).value());
}

// Arguments: bytes, and into how many pieces of equal size they are cut, besides a head of 20 bytes in front of each.
void encrypt(benchmark::State& state) {
  connection pair;
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const std::vector<std::byte> plain(size), head(20);
  std::vector<core::byte_piece> pieces;
  for (std::size_t i = 0; i < count; ++i) {
    if (count > 1) pieces.push_back(head);
    pieces.push_back(std::span(plain).subspan(i * (size / count), size / count));
  }
  std::vector<std::byte> out(tls_driver::max_encrypted(size + count * head.size()));
  const std::size_t before = micro::allocated_bytes();
  for (auto _ : state) benchmark::DoNotOptimize(encrypt_all(pair.client, pieces, out));
  report(state, micro::allocated_bytes() - before);
}
BENCHMARK(encrypt)
    ->ArgsProduct({{64, 1024, 16 * 1024, 256 * 1024}, {1}})
    ->Args({256 * 1024, 4})
    ->Args({256 * 1024, 16})
    ->Args({256 * 1024, 256});

// Encrypts, too: a record can be decrypted but once. Take the other figure away.
void encrypt_and_decrypt(benchmark::State& state) {
  connection pair;
  const std::vector<std::byte> plain(static_cast<std::size_t>(state.range(0)));
  const core::byte_piece whole = plain;
  std::vector<std::byte> out(tls_driver::max_encrypted(plain.size())), alert;
  std::vector<core::slice> slices;
  const std::size_t before = micro::allocated_bytes();
  for (auto _ : state) {
    slices.clear();
    const auto wire = encrypt_all(pair.client, {&whole, 1}, out);
    benchmark::DoNotOptimize(pair.server.decrypt(wire, slices, alert));
  }
  report(state, micro::allocated_bytes() - before);
}
BENCHMARK(encrypt_and_decrypt)->Arg(64)->Arg(1024)->Arg(16 * 1024)->Arg(256 * 1024);

}  // namespace
