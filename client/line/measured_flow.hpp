// One direction of a tunnel while it is measured: bytes at full speed, and small messages there and back beside them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"
#include "rate_series.hpp"

namespace mtcp::client::line {

/// By bridge.
using bytes_carried = std::map<core::bridge_id, std::uint64_t>;

/// What its coroutines, which use it to their end, have seen. They end once their stream is reset.
struct measured_flow {
  measured_flow(bool down_, double warm_at_) : down(down_), warm_at(warm_at_) {}
  double age() const;
  /// So many bytes have arrived by now.
  void arrive(std::uint64_t bytes);
  flow result(const bytes_carried& now, double end) const;

  const bool down;
  const double warm_at;  ///< seconds after the beginning: what comes before does not count
  stream bulk{}, echo{};
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  rate_series arrived{};
  std::uint64_t total = 0;
  std::vector<double> pings{};
  bytes_carried when_warm{};
  bool ended = false;
};

/// Seconds there and back; empty if the stream has ended.
task<std::optional<double>> ping(stream& echo);
task<> keep_pinging(measured_flow& f);
/// For a download.
task<> read_source(measured_flow& f);
/// For an upload; the sink tells how much it has.
task<> write_to_sink(measured_flow& f);
task<> read_counts(measured_flow& f);

}  // namespace mtcp::client::line
