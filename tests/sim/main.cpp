// mtcp-sim: plays one plan, or many, and says what went wrong.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/random_plan.hpp"
#include "sim/scenarios.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

constexpr const char* usage =
    "usage: mtcp-sim [--scenario NAME] [--seed N | --seeds FROM..TO] [--verbose]\n"
    "       mtcp-sim --list\n"
    "Plays the plan NAME (default: random) for each seed. Exit status 1 when a check fails.\n";

struct options {
  std::string scenario = "random";
  std::uint64_t from = 1;
  std::uint64_t to = 1;
  bool verbose = false;
};

bool run_one(const options& o, std::uint64_t seed) {
  const auto p = find_plan(o.scenario, seed);
  if (!p) {
    std::fprintf(stderr, "no scenario is called %s\n", o.scenario.c_str());
    return false;
  }
  if (o.verbose) std::printf("%s", describe(*p).c_str());
  tunnel run(*p, o.verbose ? journal::notes::printed : journal::notes::dropped);
  if (run.run() && check_expectations(*p, run)) return true;
  for (const std::string& failure : run.log().failures()) std::printf("%s\n", failure.c_str());
  std::printf("  %s\n", rerun_command(*p).c_str());
  return false;
}

int run_all(const options& o) {
  std::uint64_t failed = 0;
  for (std::uint64_t seed = o.from; seed <= o.to; ++seed) failed += run_one(o, seed) ? 0 : 1;
  std::printf("%lu of %lu runs failed\n", failed, o.to - o.from + 1);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool parse_range(const char* text, options& o) {
  char* end = nullptr;
  o.from = o.to = std::strtoull(text, &end, 10);
  if (std::strncmp(end, "..", 2) == 0) o.to = std::strtoull(end + 2, &end, 10);
  return *text != '\0' && *end == '\0' && o.from <= o.to;
}

int list() {
  for (const std::string& name : plan_names()) std::printf("%s\n", name.c_str());
  return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--list") return list();
    if (argument == "--verbose") {
      o.verbose = true;
    } else if (argument == "--scenario" && has_value) {
      o.scenario = argv[++i];
    } else if (!((argument == "--seed" || argument == "--seeds") && has_value && parse_range(argv[++i], o))) {
      std::fputs(usage, stderr);
      return 64;
    }
  }
  return run_all(o);
}

}  // namespace
}  // namespace mtcp::sim

int main(int argc, char** argv) { return mtcp::sim::main(argc, argv); }
