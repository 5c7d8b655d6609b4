#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "tasks.hpp"

namespace load {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t message_size = 64;
using message = std::array<char, message_size>;

double microseconds_since(clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(clock::now() - begin).count();
}

clock::time_point after(double seconds) {
  return clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
}

/// Runs `work` so many times side by side. An error ends the program.
template <class Work>
void on_threads(std::size_t count, const Work& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&work] {
      try {
        work();
      } catch (const std::exception& e) {
        std::fprintf(stderr, "mtcp-load: %s\n", e.what());
        std::_Exit(1);
      }
    });
  for (std::thread& t : threads) t.join();
}

/// From the first packet of a new connection to the first answer, in microseconds.
double connect_and_ask(const route& way) {
  const auto begin = clock::now();
  message answer{};
  const handle made = connect(way, 'e' + std::string(message_size, 'x'));
  read_all(made.get(), answer.data(), answer.size());
  return microseconds_since(begin);
}

}  // namespace

void print_percentiles(std::vector<double>& microseconds) {
  std::ranges::sort(microseconds);
  const std::size_t n = microseconds.size();
  std::printf("\"count\": %zu, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f", n, microseconds.at(n / 2),
              microseconds.at(n * 99 / 100), microseconds.back());
}

void print_begin() {
  std::puts("begin");
  std::fflush(stdout);
}

void echo(const route& way, double seconds) {
  const handle made = connect(way, "e");
  message bytes{};
  std::vector<double> times;
  print_begin();
  for (const auto end = after(seconds); clock::now() < end;) {
    const auto begin = clock::now();
    write_all(made.get(), bytes.data(), bytes.size());
    read_all(made.get(), bytes.data(), bytes.size());
    times.push_back(microseconds_since(begin));
  }
  std::printf("{");
  print_percentiles(times);
  std::printf("}\n");
}

void connections(const route& way, std::size_t workers, std::size_t count, double seconds) {
  std::vector<double> times;
  std::atomic<std::size_t> begun = 0;
  std::atomic<std::size_t> failed = 0;
  std::mutex guard;
  print_begin();
  const auto begin = clock::now();
  const auto end = after(seconds);
  const auto work = [&] {
    std::vector<double> mine;
    while (clock::now() < end && (count == 0 || begun++ < count)) try {
        mine.push_back(connect_and_ask(way));
      } catch (const std::exception& e) {
        if (failed++ == 0) std::fprintf(stderr, "%s\n", e.what());
      }
    const std::lock_guard lock(guard);
    times.insert(times.end(), mine.begin(), mine.end());
  };
  on_threads(workers, work);
  std::printf("{\"seconds\": %.6f, \"failed\": %zu, ", microseconds_since(begin) / 1e6, failed.load());
  print_percentiles(times);
  std::printf("}\n");
}

void hold(const route& way, std::size_t count) {
  allow_many_files();
  std::vector<handle> streams(count);
  std::atomic<std::size_t> next = 0;
  on_threads(8, [&] {
    char answer = 0;
    for (std::size_t i = next++; i < count; i = next++) {
      streams[i] = connect(way, "ex");
      read_all(streams[i].get(), &answer, 1);
    }
  });
  print_begin();
  while (std::getchar() != EOF) {
  }
  std::printf("{}\n");
}

}  // namespace load
