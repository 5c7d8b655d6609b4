#include "sim/line_sets.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "sim/goodput.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

struct drawn_line {
  double rate = 0;        ///< bytes per second
  double round_trip = 0;  ///< seconds
  double loss = 0;
  double jitter = 0;  ///< seconds
};

/// Every factor between the ends is equally likely.
double draw(random& chance, double low, double high) {
  return low * std::pow(high / low, static_cast<double>(chance.between(0, 10'000)) / 10'000);
}

duration seconds(double s) { return std::chrono::microseconds(static_cast<std::int64_t>(s * 1e6)); }

// All bridges of a path share its line, also those that come later. Its queue holds a round trip, and some packets.
path_plan path_of(const drawn_line& line, unsigned bridges, std::size_t number) {
  const double queue = std::max({0.03, line.round_trip, 30e3 / line.rate});
  const std::vector<bridge_line> one{{line.rate, seconds(line.round_trip), seconds(queue)}};
  path_plan path = paths_of(one).front();
  path.up.loss = path.down.loss = line.loss;
  path.jitter = seconds(line.jitter);
  path.bridges = bridges;
  path.shared = number;
  return path;
}

drawn_line draw_bad(random& chance, const drawn_line& usual) {
  drawn_line bad = usual;
  const std::uint64_t kinds = chance.between(1, 15);
  if ((kinds & 1) != 0) bad.rate *= draw(chance, 0.01, 0.3);
  if ((kinds & 2) != 0) bad.loss = draw(chance, 0.005, 0.1);
  if ((kinds & 4) != 0) bad.round_trip = draw(chance, 0.2, 0.8);
  if ((kinds & 8) != 0) bad.jitter = draw(chance, 0.01, 0.1);
  return bad;
}

std::string describe(const drawn_line& line) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "[%.2f MB/s %.0f ms loss %.1f %% jitter %.0f ms]", line.rate / 1e6,
                line.round_trip * 1e3, line.loss * 100, line.jitter * 1e3);
  return text.data();
}

}  // namespace

line_set draw_line_set(std::uint64_t seed, std::uint64_t size) {
  random chance(seed);
  const drawn_line usual{draw(chance, 1e6, 10e6), draw(chance, 0.01, 0.1)};
  const bool bbr = chance.chance(0.5);
  const auto bridges = static_cast<unsigned>(chance.between(1, 4));
  line_set set;
  set.good = download_plan("good lines", {}, size);
  set.good.seed = seed;
  set.good.redial = 100ms;
  set.good.connection.control = bbr ? congestion::control::bbr : congestion::control::cubic;
  set.good.streams[0].start = 2s;
  set.what = std::string(bbr ? "bbr" : "cubic") + ", " + std::to_string(bridges) + " each: ";
  for (std::size_t i = 0; i < 2; ++i) {
    const drawn_line line{usual.rate * draw(chance, 0.5, 1), usual.round_trip * draw(chance, 0.7, 1.4)};
    set.good.paths.push_back(path_of(line, bridges, i));
    set.what += describe(line) + " ";
  }
  const drawn_line bad = draw_bad(chance, usual);
  set.what += "and " + describe(bad);
  set.all = set.good;
  set.all.name = "good lines and a bad one";
  set.all.paths.insert(set.all.paths.begin() + static_cast<std::ptrdiff_t>(chance.between(0, 2)),
                       path_of(bad, bridges, 2));
  return set;
}

}  // namespace mtcp::sim
