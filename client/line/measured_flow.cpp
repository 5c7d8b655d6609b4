#include "measured_flow.hpp"

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "program/test_target.hpp"

namespace mtcp::client::line {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t batch = 240 * 1024;  // as a relay has on the way
constexpr std::chrono::milliseconds ping_pause{50};

double seconds_since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

}  // namespace

double measured_flow::age() const { return seconds_since(begin); }

void measured_flow::arrive(std::uint64_t bytes) {
  total = bytes;
  arrived.add(age(), bytes);
}

flow measured_flow::result(const bytes_carried& now, double end) const {
  flow out;
  out.rate = arrived.rate(warm_at, end);
  if (out.rate == 0) out.rate = arrived.rate(0, end);  // hardly anything came
  out.loaded = median_of(pings);
  out.faded = arrived.find_fade(end);
  std::vector<double> shares;
  for (const auto& [id, bytes] : now)
    if (const auto then = when_warm.find(id); then != when_warm.end())
      shares.push_back(static_cast<double>(bytes - then->second));
  out.spread = spread_of(shares);
  return out;
}

/// Seconds there and back; empty if the stream has ended.
task<std::optional<double>> ping(stream& echo) {
  std::array<std::byte, 8> message{};
  const auto begin = clock::now();
  const auto out = asio::buffer(message);
  const auto [unsent, sent] = co_await asio::async_write(echo, out, use_result);
  if (unsent) co_return std::nullopt;
  const auto [lost, got] = co_await asio::async_read(echo, out, use_result);
  if (lost) co_return std::nullopt;
  co_return seconds_since(begin);
}

task<> read_source(measured_flow& f) {
  std::vector<core::slice> slices;
  for (;;) {
    slices.clear();
    const auto [ended, size] = co_await f.bulk.async_read_slices(slices, batch, use_result);
    if (size != 0) f.arrive(f.total + size);
    if (ended) break;
  }
  f.ended = true;
}

task<> write_to_sink(measured_flow& f) {
  const core::chunk_ref chunk = core::chunk_ref::make();
  std::memset(chunk.data(), 0, chunk.capacity());
  for (bool ended = false; !ended;) {
    std::vector<core::slice> slices(batch / chunk.capacity(), core::slice(chunk, 0, chunk.capacity()));
    const auto [stopped, size] = co_await f.bulk.async_write_slices(slices, use_result);
    ended = stopped.failed();
  }
  f.ended = true;
}

/// The sink tells how much it has.
task<> read_counts(measured_flow& f) {
  std::array<unsigned char, program::count_size> count{};
  const auto into = asio::buffer(count);
  for (;;) {
    const auto [ended, size] = co_await asio::async_read(f.bulk, into, use_result);
    if (ended) break;
    std::uint64_t sum = 0;
    for (const unsigned char byte : count) sum = sum << 8 | byte;
    f.arrive(sum);
  }
}

task<> keep_pinging(measured_flow& f) {
  timer between(f.echo.get_executor());
  for (;;) {
    const auto took = co_await ping(f.echo);
    if (!took) break;
    if (f.age() - *took >= f.warm_at) f.pings.push_back(*took);
    between.expires_after(ping_pause);
    co_await between.async_wait(use_result);
  }
}

}  // namespace mtcp::client::line
