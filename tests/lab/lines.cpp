// mtcp-lines: emulates lines between two network namespaces, for kernels without netem.
//
//   mtcp-lines NAMESPACE-A NAMESPACE-B NAME,rate=BYTES/S,delay=MS,queue=BYTES[,each] ...
//
// NAME is a TUN device that exists in both namespaces (ip tuntap add mode tun). What enters it on one side leaves it on
// the other: queued in front of a bottleneck of that rate, dropped when the queue is full, then delayed one way. With
// `each` every TCP connection has a bottleneck of its own, as with a carrier that throttles connections one by one.
//
// Prints "ready", and runs until it is ended by a signal. SIGUSR1 makes the first line swallow everything from then on,
// and nobody is told.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using time_point = clock_type::time_point;
volatile std::sig_atomic_t first_goes_dark = 0;

using packet = std::vector<std::uint8_t>;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

struct line_options {
  std::string name;
  double rate = 0;                // bytes per second
  clock_type::duration delay{0};  // one way
  clock_type::duration queue{0};  // how long the queue may become
  bool each = false;
};

double number_after(const std::string& field) { return std::stod(field.substr(field.find('=') + 1)); }

line_options parse_line(const std::string& text) {
  line_options line;
  double queue_bytes = 0;
  for (std::size_t at = 0, comma = 0; comma != std::string::npos; at = comma + 1) {
    comma = text.find(',', at);
    const std::string field = text.substr(at, comma == std::string::npos ? comma : comma - at);
    if (at == 0)
      line.name = field;
    else if (field.starts_with("rate="))
      line.rate = number_after(field);
    else if (field.starts_with("delay="))
      line.delay = std::chrono::microseconds(std::int64_t(1e3 * number_after(field)));
    else if (field.starts_with("queue="))
      queue_bytes = number_after(field);
    else if (field == "each")
      line.each = true;
    else
      throw std::invalid_argument("'" + field + "' in '" + text + "'");
  }
  if (line.name.empty() || line.rate <= 0) throw std::invalid_argument("'" + text + "' needs a name and a rate");
  line.queue = std::chrono::nanoseconds(std::int64_t(1e9 * queue_bytes / line.rate));
  return line;
}

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

// Addresses and ports of an IPv4 packet, in either order the same: acknowledgements use a bottleneck of their own, in
// the other direction.
std::uint64_t flow_of(const packet& p) {
  if (p.size() < 24 || p[0] >> 4 != 4) return 0;
  const std::size_t header = 4u * (p[0] & 15);
  std::uint64_t flow = p[9];
  for (std::size_t i = 12; i < 20; ++i) flow = flow * 31 + p[i];
  for (std::size_t i = header; i < header + 4 && i < p.size(); ++i) flow = flow * 257 + p[i];
  return flow;
}

// One direction of a line.
class direction {
 public:
  direction(const line_options& options, int from, int to) : options_(options), from_(from), to_(to) {}
  int source() const { return from_; }

  void go_dark() { dark_ = true; }

  void take_all(time_point now) {
    for (std::array<std::uint8_t, 65536> buffer;;) {
      const ssize_t size = ::read(from_, buffer.data(), buffer.size());
      if (size <= 0) return;
      take(packet(buffer.begin(), buffer.begin() + size), now);
    }
  }
  void deliver(time_point now) {
    while (!under_way_.empty() && under_way_.begin()->first <= now) {
      const packet& p = under_way_.begin()->second;
      if (::write(to_, p.data(), p.size()) < 0 && errno != EAGAIN && errno != EINVAL) fail("write");
      under_way_.erase(under_way_.begin());
    }
  }
  time_point next() const { return under_way_.empty() ? time_point::max() : under_way_.begin()->first; }

 private:
  void take(packet p, time_point now) {
    if (dark_) return;
    time_point& free_at = free_at_[options_.each ? flow_of(p) : 0];
    const time_point leaves = std::max(free_at, now);
    if (leaves - now > options_.queue) return;
    free_at = leaves + std::chrono::nanoseconds(std::int64_t(1e9 * double(p.size()) / options_.rate));
    under_way_.emplace_hint(under_way_.end(), free_at + options_.delay, std::move(p));
  }

  line_options options_;
  int from_, to_;
  bool dark_ = false;
  std::unordered_map<std::uint64_t, time_point> free_at_;  // by connection
  std::multimap<time_point, packet> under_way_;
};

class network {
 public:
  network() : poller_(::epoll_create1(EPOLL_CLOEXEC)) {}

  void add(const line_options& line, int a, int b) {
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      directions_.push_back(std::make_unique<direction>(line, from, to));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = directions_.back().get();
      if (::epoll_ctl(poller_, EPOLL_CTL_ADD, from, &event) != 0) fail("epoll_ctl");
    }
  }
  [[noreturn]] void run() {
    for (;;) step();
  }

 private:
  void step() {
    if (first_goes_dark != 0) {
      for (std::size_t i = 0; i < 2; ++i) directions_[i]->go_dark();
    }
    time_point next = time_point::max();
    for (const auto& d : directions_) next = std::min(next, d->next());
    timespec wait{1, 0};
    if (next != time_point::max()) {
      const auto left = std::max<std::int64_t>(0, (next - clock_type::now()).count());
      wait = {left / 1'000'000'000, left % 1'000'000'000};
    }
    std::array<epoll_event, 64> events;
    const int count = ::epoll_pwait2(poller_, events.data(), int(events.size()), &wait, nullptr);
    const time_point now = clock_type::now();
    for (int i = 0; i < count; ++i) static_cast<direction*>(events[std::size_t(i)].data.ptr)->take_all(now);
    for (const auto& d : directions_) d->deliver(now);
  }

  int poller_;
  std::vector<std::unique_ptr<direction>> directions_;
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
  std::puts("ready");
  std::fflush(stdout);
  net.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mtcp-lines: %s\n", e.what());
    return 1;
  }
}
