// How fast a tunnel is beside as many plain connections under loss and jitter, in virtual time.
//   parity_bench [SEEDS [PART-OF-A-NAME]]
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sim/parity.hpp"

namespace {

using namespace std::chrono_literals;
using namespace mtcp::sim;
using control = congestion::control;

std::vector<cell> cells() {
  struct kind {
    const char* name;
    control which;
  };
  std::vector<cell> all;
  for (const auto& [name, which] : {kind{"bbr", control::bbr}, {"cubic", control::cubic}, {"reno", control::reno}}) {
    const auto add = [&, which = which, name = name](const char* what, cell c) {
      c.name = std::string(what) + ", " + name;
      c.control = which;
      all.push_back(c);
    };
    add("clean 40 ms 2 MB/s", {.rate = 2e6});
    add("jitter 15 ms 40 ms 2 MB/s", {.rate = 2e6, .jitter = 15ms});
    add("jitter 15 ms 40 ms 10 MB/s", {.rate = 10e6, .jitter = 15ms, .lasts = 10s});
    add("loss 1 % 40 ms 2 MB/s", {.rate = 2e6, .loss = 0.01});
    add("loss 0.5 % 240 ms 1 MB/s x 8", {.rate = 1e6, .round_trip = 240ms, .loss = 0.005, .bridges = 8});
    add("loss 1 % jitter 15 ms 40 ms 2 MB/s", {.rate = 2e6, .loss = 0.01, .jitter = 15ms});
    add("loss 0.1 % jitter 5 ms 100 ms 2 MB/s", {.rate = 2e6, .round_trip = 100ms, .loss = 0.001, .jitter = 5ms});
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t seeds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10;
  const std::string wanted = argc > 2 ? argv[2] : "";
  for (const cell& c : cells()) {
    if (c.name.find(wanted) == std::string::npos) continue;
    const parity p = over_seeds(c, seeds);
    std::printf("%-46s tunnel %6.3f MB/s, plain %6.3f: %.3f (%.3f %.3f %.3f), pause %4ld ms, resent %.1f %%\n",
                c.name.c_str(), p.tunnel / 1e6, p.plain / 1e6, p.total, p.low, p.median, p.high,
                static_cast<long>(p.longest_pause / 1ms), 100 * p.retransmitted_share);
    std::fflush(stdout);
  }
}
