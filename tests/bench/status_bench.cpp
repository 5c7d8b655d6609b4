// Whether those who look at the status endpoint disturb the tunnel: a download alone, then beside 1,000 clients that
// ask for the event stream, half of which read nothing, and 32 that ask for snapshots without end and read slowly.
//
//   status_bench        prints throughputs, their ratio and the client's peak memory; fails below half
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace {

using namespace mtcp::lab;

constexpr std::uint64_t size = 400'000'000;
constexpr int rounds = 5;
constexpr int subscribers = 1'000;
constexpr int slow_readers = 32;

void allow_many_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

/// The median of some downloads, in MB/s; 0 if one went wrong.
double measure(const deployment& halves, const origin& web) {
  std::vector<double> rates;
  for (int i = 0; i < rounds; ++i) {
    const auto r = transfer::download(halves, web.url(""), size).finish();
    if (!r.intact) {
      std::fprintf(stderr, "%s\n", r.trouble.c_str());
      return 0;
    }
    rates.push_back(r.bytes_per_second / 1e6);
  }
  std::ranges::sort(rates);
  return rates[rounds / 2];
}

/// Everybody who looks, as long as this lives.
class crowd {
 public:
  explicit crowd(std::uint16_t port) {
    for (int i = 0; i < subscribers; ++i) join(port, "/api/events", 1);
    for (int i = 0; i < slow_readers; ++i) join(port, "/api/stats", 64);
    reader_ = std::thread([this] { read(); });
  }
  ~crowd() {
    over_ = true;
    reader_.join();
  }

 private:
  void join(std::uint16_t port, const std::string& path, int times) {
    std::string requests;
    for (; times > 0; --times) requests += "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    clients_.emplace_back("127.0.0.1", port).send(requests);
  }
  /// A little from one of the seated, now and then: all others read nothing.
  void read() {
    while (!over_) {
      clients_[static_cast<std::size_t>(turn_++ % 8)].receive(100);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  std::vector<mtcp::lab::socket> clients_;
  std::atomic<bool> over_ = false;
  int turn_ = 0;
  std::thread reader_;
};

double mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

int main() {
  allow_many_files();
  const origin web;
  deployment halves({.bridges = 4, .client_options = {"--status", "127.0.0.1:0"}});
  const auto port = static_cast<std::uint16_t>(std::stoul(halves.client().expect("listening status .*:(\\d+)").at(1)));
  measure(halves, web);  // warm
  const double alone = measure(halves, web);
  const std::size_t before = halves.client().peak_memory();
  double watched = 0;
  {
    const crowd many(port);
    watched = measure(halves, web);
  }
  const std::size_t after = halves.client().peak_memory();
  std::printf("%-60s %7.0f MB/s  peak memory %5.1f MiB\n", "download alone", alone, mib(before));
  std::printf("%-60s %7.0f MB/s  peak memory %5.1f MiB\n", "with 1,000 subscribers and 32 slow readers at the endpoint",
              watched, mib(after));
  std::printf("ratio %.2f\n", watched / alone);
  return watched > 0.5 * alone && after - before < (16U << 20) ? 0 : 1;
}
