// How much a bad line helps or hinders two good ones, in virtual time: of each set the rate over all three for 30 s,
// over that without the bad one, and the same of the time that 20 MB take.
//   line_sets_bench [SEEDS [FIRST]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sim/goodput.hpp"
#include "sim/line_sets.hpp"

namespace {

using namespace std::chrono_literals;
using namespace mtcp::sim;

void print(const char* what, std::vector<double> ratios, double wanted) {
  std::ranges::sort(ratios);
  const auto below = std::ranges::lower_bound(ratios, wanted) - ratios.begin();
  std::printf("%s: least %.3f, median %.3f, %ld of %zu below %.2f\n", what, ratios.front(), ratios[ratios.size() / 2],
              static_cast<long>(below), ratios.size(), wanted);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seeds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  const std::uint64_t first = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  std::vector<double> rates, times;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const line_set bulk = draw_line_set(seed, 0);
    const measurement all = measure(bulk.all, 2s, 32s);
    const double rate = all.rate / measure(bulk.good, 2s, 32s).rate;
    const line_set small = draw_line_set(seed, 20'000'000);
    const double time = completion(small.good) / completion(small.all);
    std::printf("%4lu %6.3f %6.3f pause %5ld ms  %s\n", seed, rate, time, static_cast<long>(all.longest_pause / 1ms),
                bulk.what.c_str());
    rates.push_back(rate);
    times.push_back(time);
  }
  if (rates.empty()) return 1;
  print("30 s", rates, 0.99);
  print("20 MB", times, 0.95);
}
