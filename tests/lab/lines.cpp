// mtcp-lines: emulates lines between two network namespaces, for kernels without netem, and networks that watch the
// connections on them.
//
//   mtcp-lines NAMESPACE-A NAMESPACE-B NAME,KEY=VALUE,... ...
//
// NAME is a TUN device that exists in both namespaces (ip tuntap add mode tun). What enters it on one side leaves it on
// the other, IPv4 and IPv6: queued in front of a bottleneck, dropped when the queue is full, then delayed. Rates are
// bytes per second, and bytes those of packets; what is not given sets no limit. Clients are in NAMESPACE-A: from there
// is up.
//
//   rate=BYTES/S, queue=BYTES         of the line, or with `each` of every connection by itself
//   each, common-rate=BYTES/S         that of all connections together, behind the rate of each
//   delay=MS                          one way
//   fades-after=BYTES, fades-at=S, faded-rate=BYTES/S
//                                     a connection has that rate once it has carried so much in this direction, and in
//                                     both once it is so old
//   freezes-after=BYTES               nothing more of a connection comes through in this direction
//   dies-at=S, forgets-after=S        it vanishes without a word: at this age, or when it was idle for so long
//   syn-gap=S, block=S                a SYN that comes sooner than this after the one before blocks all for so long
//   connections=N                     so many at once, SYNs of more are dropped; and with
//   punishes=freeze|reset             one too many is the end of those that are up
//   silent-every=S, silent-for=LEAST-MOST, seed=N
//                                     once in every such time, at random, the line swallows everything
//
// Before rate, common-rate, fades-after, faded-rate and freezes-after, up- or down- makes it that of one direction.
//
// Prints "ready", and runs until it is ended by a signal; at SIGTERM it prints what it has counted, as JSON, a line
// each. SIGUSR1 makes the first line swallow everything from then on, and nobody is told.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "lab/line.hpp"

namespace mtcp::lines {
namespace {

volatile std::sig_atomic_t first_goes_dark = 0;
volatile std::sig_atomic_t ends = 0;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

void enter(const std::string& name) {
  const int fd = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::setns(fd, CLONE_NEWNET) != 0) fail("namespace " + name);
  ::close(fd);
}

int open_device(const std::string& name) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  if (fd < 0 || ::ioctl(fd, TUNSETIFF, &request) != 0) fail("device " + name);
  return fd;
}

void put(int device, const packet& p) {
  if (::write(device, p.data(), p.size()) < 0 && errno != EAGAIN && errno != EINVAL) fail("write");
}

class network {
 public:
  network() : poller_(::epoll_create1(EPOLL_CLOEXEC)) {}

  /// `a` and `b` are the line's devices.
  void add(const line_options& options, int a, int b) {
    const auto out = [a, b](direction d, const packet& p) { put(d == direction::up ? b : a, p); };
    lines_.push_back(std::make_unique<line>(options, clock_type::now(), out));
    listen({lines_.back().get(), direction::up, a});
    listen({lines_.back().get(), direction::down, b});
  }

  void run() {
    while (ends == 0) step();
    for (const auto& l : lines_) report(*l);
  }

 private:
  struct entrance {
    line* to;
    direction way;
    int device;
  };

  void listen(entrance e) {
    entrances_.push_back(std::make_unique<entrance>(e));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = entrances_.back().get();
    if (::epoll_ctl(poller_, EPOLL_CTL_ADD, e.device, &event) != 0) fail("epoll_ctl");
  }

  void step() {
    if (first_goes_dark != 0) lines_.front()->go_dark();
    std::array<epoll_event, 64> events;
    const timespec wait = time_left();
    const int count = ::epoll_pwait2(poller_, events.data(), int(events.size()), &wait, nullptr);
    const time_point now = clock_type::now();
    for (const auto& l : lines_) l->advance(now);
    for (int i = 0; i < count; ++i) take_all(*static_cast<entrance*>(events[std::size_t(i)].data.ptr), now);
  }

  timespec time_left() const {
    time_point next = time_point::max();
    for (const auto& l : lines_) next = std::min(next, l->next());
    if (next == time_point::max()) return {1, 0};
    const auto left = std::max<std::int64_t>(0, (next - clock_type::now()).count());
    return {left / 1'000'000'000, left % 1'000'000'000};
  }

  void take_all(const entrance& e, time_point now) {
    for (std::array<std::uint8_t, 65536> buffer;;) {
      const ssize_t size = ::read(e.device, buffer.data(), buffer.size());
      if (size <= 0) return;
      e.to->take(e.way, packet(buffer.begin(), buffer.begin() + size), now);
    }
  }

  static void report(const line& l) {
    const line::counts c = l.count();
    std::printf(
        "{\"line\": \"%s\", \"up\": %llu, \"down\": %llu, \"syns\": %llu, \"excess\": %llu, \"blocks\": %llu}\n",
        l.name().c_str(), static_cast<unsigned long long>(c.up), static_cast<unsigned long long>(c.down),
        static_cast<unsigned long long>(c.syns), static_cast<unsigned long long>(c.excess),
        static_cast<unsigned long long>(c.blocks));
  }

  int poller_;
  std::vector<std::unique_ptr<line>> lines_;
  std::vector<std::unique_ptr<entrance>> entrances_;
};

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) throw std::invalid_argument("usage: mtcp-lines NAMESPACE-A NAMESPACE-B LINE...");
  std::vector<line_options> lines;
  for (std::size_t i = 2; i < arguments.size(); ++i) lines.push_back(parse_line(arguments[i]));
  std::array<std::vector<int>, 2> devices;
  for (std::size_t side = 0; side < 2; ++side) {
    enter(arguments[side]);
    for (const line_options& line : lines) devices[side].push_back(open_device(line.name));
  }
  network net;
  for (std::size_t i = 0; i < lines.size(); ++i) net.add(lines[i], devices[0][i], devices[1][i]);
  std::signal(SIGUSR1, [](int) { first_goes_dark = 1; });
  std::signal(SIGTERM, [](int) { ends = 1; });
  std::puts("ready");
  std::fflush(stdout);
  net.run();
}

}  // namespace
}  // namespace mtcp::lines

int main(int argc, char** argv) {
  try {
    mtcp::lines::run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mtcp-lines: %s\n", e.what());
    return 1;
  }
}
