// What 100,000 rules of applications' destinations cost: to load, and to look one destination up.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "mtcp/proxy/route_table.hpp"

namespace {

using namespace mtcp::proxy;

constexpr std::size_t many = 100'000;

std::string name(std::mt19937& random) {
  std::string out;
  for (int label = 0; label < 2; ++label) {
    for (int i = 0; i < 8; ++i) out += static_cast<char>('a' + random() % 26);
    out += '.';
  }
  return out + (random() % 2 == 0 ? "com" : "example");
}

std::string address(std::mt19937& random) {
  return std::to_string(random() % 224) + '.' + std::to_string(random() % 256) + '.' + std::to_string(random() % 256) +
         '.';
}

std::vector<std::string> names() {
  std::mt19937 random(1);
  std::vector<std::string> out;
  while (out.size() < many) out.push_back("." + name(random));
  return out;
}

std::vector<std::string> blocks() {
  std::mt19937 random(2);
  std::vector<std::string> out;
  while (out.size() < many) out.push_back(address(random) + "0/24");
  return out;
}

route_table table_of(const std::vector<std::string>& rules) {
  route_table out;
  for (const std::string& rule : rules) out.add(rule, {.to = route::block});
  return out;
}

void load(benchmark::State& state, const std::vector<std::string>& rules) {
  for (auto _ : state) benchmark::DoNotOptimize(table_of(rules).size());
}

/// Half of what is asked for is held by a rule. `state` says how many destinations take turns: of many, each look-up
/// finds its part of the table out of the cache.
void look_up(benchmark::State& state, const std::vector<std::string>& rules, const std::vector<std::string>& asked) {
  const route_table table = table_of(rules);
  const std::vector<std::string> turns(asked.begin(), asked.begin() + state.range(0));  // in a row in memory
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(turns[i++ % turns.size()], 443, transport::tcp).what.to);
}

std::vector<std::string> asked_names() {
  std::mt19937 random(3);
  std::vector<std::string> out;
  for (const std::string& rule : names()) {
    out.push_back("www" + rule);
    out.push_back("www." + name(random));
  }
  std::ranges::shuffle(out, random);
  return out;
}

std::vector<std::string> asked_addresses() {
  std::mt19937 random(4);
  std::vector<std::string> out;
  for (const std::string& rule : blocks()) {
    out.push_back(rule.substr(0, rule.rfind('0', rule.find('/'))) + "7");
    out.push_back(address(random) + "9");
  }
  std::ranges::shuffle(out, random);
  return out;
}

void load_names(benchmark::State& state) { load(state, names()); }
void load_blocks(benchmark::State& state) { load(state, blocks()); }
void find_name(benchmark::State& state) { look_up(state, names(), asked_names()); }
void find_address(benchmark::State& state) { look_up(state, blocks(), asked_addresses()); }

BENCHMARK(load_names)->Unit(benchmark::kMillisecond);
BENCHMARK(load_blocks)->Unit(benchmark::kMillisecond);
BENCHMARK(find_name)->Arg(1'000)->Arg(2 * many);
BENCHMARK(find_address)->Arg(1'000)->Arg(2 * many);

}  // namespace
