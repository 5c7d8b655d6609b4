#include "support/flood.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

namespace mtcp::lab {
namespace {

constexpr std::chrono::milliseconds turn{10};

sockaddr_in address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(host);
  out.sin_port = htons(port);
  return out;
}

}  // namespace

bool make_room_for_descriptors(std::size_t more) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t wanted = 1024 + more;
  files.rlim_max = std::max(files.rlim_max, wanted);
  files.rlim_cur = files.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

flood::flood(std::uint16_t port, std::size_t count, std::size_t groups, std::size_t rate, std::string greeting)
    : port_(port),
      count_(count),
      addresses_(100 * groups),
      dials_per_turn_(std::max<std::size_t>(1, rate * turn.count() / 1000)),
      greeting_(std::move(greeting)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

flood::~flood() {
  thread_.request_stop();
  thread_.join();
  for (const auto& [which, descriptor] : open_) close(descriptor);
  close(epoll_);
}

bool flood::wait_until_complete() const {
  return dialled_.wait([this](std::size_t so_far) { return so_far >= count_; }, std::chrono::seconds(30));
}

// The turns keep the rate down.
void flood::run(const std::stop_token& stop) {
  std::size_t first = 0;
  while (!stop.stop_requested()) {
    const auto end = std::chrono::steady_clock::now() + turn;
    for (std::size_t i = 0; i < dials_per_turn_ && first < count_; ++i) dial(first++);
    if (first == count_) replace_closed();
    std::this_thread::sleep_until(end);
  }
}

void flood::dial(std::size_t which) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  const int later = 1;
  setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later);
  const auto n = static_cast<std::uint32_t>(which % addresses_);
  const sockaddr_in from = address(0x7f010000 + (n / 100 << 8) + n % 100 + 1, 0);
  const sockaddr_in to = address(INADDR_LOOPBACK, port_);
  bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from);
  ::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (!greeting_.empty()) ::send(descriptor, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
  epoll_event watch{};
  watch.events = EPOLLIN | EPOLLRDHUP;
  watch.data.u64 = which;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &watch);
  open_[which] = descriptor;
  dialled_.update([](std::size_t& so_far) { ++so_far; });
}

void flood::replace_closed() {
  std::vector<epoll_event> closed(dials_per_turn_);
  const int size = epoll_wait(epoll_, closed.data(), static_cast<int>(closed.size()), 0);
  for (int i = 0; i < size; ++i) {
    const std::size_t which = closed[static_cast<std::size_t>(i)].data.u64;
    close(open_.at(which));
    dial(which);
  }
}

}  // namespace mtcp::lab
