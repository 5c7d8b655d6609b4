#include "test_stream.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <vector>

#include "program/stream_deadline.hpp"

namespace mtcp::server {
namespace {

constexpr std::size_t batch = 240 * 1024;  // as a relay has on the way

std::array<std::byte, program::count_size> encoded(std::uint64_t count) {
  std::array<std::byte, program::count_size> out{};
  for (auto at = out.rbegin(); at != out.rend(); ++at, count >>= 8) *at = static_cast<std::byte>(count & 0xff);
  return out;
}

/// The same chunk again and again.
std::vector<core::slice> filled(const core::chunk_ref& chunk) {
  return std::vector<core::slice>(batch / chunk.capacity(), core::slice(chunk, 0, chunk.capacity()));
}

void note_bytes(const test_limits& limits, std::size_t bytes, bool from_client) {
  if (limits.count != nullptr && bytes != 0) limits.count->crossed(bytes, from_client);
}

task<> serve_source(stream& peer, const test_limits& limits) {
  const core::chunk_ref chunk = core::chunk_ref::make();
  std::memset(chunk.data(), 0, chunk.capacity());  // TLS makes noise of it
  for (std::uint64_t sent = 0; sent < limits.bytes;) {
    std::vector<core::slice> slices = filled(chunk);
    const auto [stopped, size] = co_await peer.async_write_slices(slices, use_result);
    note_bytes(limits, size, false);
    if (stopped) co_return;
    sent += size;
  }
}

/// A client that does not read them misses some: the next one says more.
task<> tell_count(stream& peer, std::uint64_t count) {
  if (!peer.is_open() || peer.writable() < program::count_size) co_return;
  const auto text = encoded(count);
  const auto bytes = asio::buffer(text);
  co_await peer.async_write_some(bytes, use_result);
}

task<> serve_sink(stream& peer, const test_limits& limits) {
  using clock = std::chrono::steady_clock;
  std::vector<core::slice> slices;
  clock::time_point told{};
  for (std::uint64_t taken = 0; taken < limits.bytes;) {
    slices.clear();
    const auto [ended, size] = co_await peer.async_read_slices(slices, batch, use_result);
    note_bytes(limits, size, true);
    taken += size;
    const auto at = clock::now();
    const bool over = ended == asio::error::eof;
    if (over || at - told >= limits.count_pace) {
      co_await tell_count(peer, taken);
      told = at;
    }
    if (over) peer.close();
    if (ended) co_return;
  }
}

task<> serve_echo(stream& peer, const test_limits& limits) {
  std::vector<core::slice> slices;
  for (std::uint64_t sent = 0; sent < limits.bytes;) {
    const auto [ended, size] = co_await peer.async_read_slices(slices, batch, use_result);
    note_bytes(limits, size, true);
    if (ended == asio::error::eof) peer.close();
    if (ended) co_return;
    const auto [stopped, echoed] = co_await peer.async_write_slices(slices, use_result);
    note_bytes(limits, echoed, false);
    if (stopped) co_return;
    sent += 2 * echoed;
  }
}

}  // namespace

task<> serve_test(incoming request, program::test_service what, test_limits limits) {
  stream peer = request.answer({});
  const program::stream_deadline watch(peer, limits.time);
  using enum program::test_service;
  if (what == source) {
    co_await serve_source(peer, limits);
  } else if (what == sink) {
    co_await serve_sink(peer, limits);
  } else {
    co_await serve_echo(peer, limits);
  }
  if (peer.is_open()) peer.reset();
}

}  // namespace mtcp::server
