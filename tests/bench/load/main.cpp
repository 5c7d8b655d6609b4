// mtcp-load: the origin and the load of tests/bench/compare.py. PROXY is ADDRESS:PORT of SOCKS5, or - for none.
//
//   mtcp-load origin PORT
//   mtcp-load bulk PROXY TARGET DOWN-STREAMS UP-STREAMS SECONDS
//   mtcp-load echo PROXY TARGET SECONDS
//   mtcp-load connect PROXY TARGET WORKERS COUNT SECONDS       COUNT 0: as many as SECONDS allow
//   mtcp-load hold PROXY TARGET STREAMS
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>

#include "origin.hpp"
#include "tasks.hpp"

namespace {

using arguments = std::span<char*>;

std::string text(arguments all, std::size_t i) {
  if (i >= all.size()) throw std::runtime_error("too few arguments");
  return all[i];
}
std::size_t count(arguments all, std::size_t i) { return std::stoul(text(all, i)); }
double seconds(arguments all, std::size_t i) { return std::stod(text(all, i)); }

void run(arguments all) {
  const std::string what = text(all, 0);
  if (what == "origin") load::serve(static_cast<std::uint16_t>(count(all, 1)));
  const load::route way = load::parse_route(text(all, 1), text(all, 2));
  if (what == "bulk") return load::bulk(way, count(all, 3), count(all, 4), seconds(all, 5));
  if (what == "echo") return load::echo(way, seconds(all, 3));
  if (what == "connect") return load::connections(way, count(all, 3), count(all, 4), seconds(all, 5));
  if (what == "hold") return load::hold(way, count(all, 3));
  throw std::runtime_error("unknown task: " + what);
}

}  // namespace

int main(int argc, char** argv) try {
  run(arguments(argv + 1, static_cast<std::size_t>(argc - 1)));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "mtcp-load: %s\n", e.what());
  return 1;
}
