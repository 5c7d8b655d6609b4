#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "tasks.hpp"

namespace load {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t chunk = 256 * 1024;
constexpr auto start_up = std::chrono::seconds(1);

class pump {
 public:
  pump(const route& way, std::size_t down, std::size_t up)
      : queue_(::epoll_create1(EPOLL_CLOEXEC)), bytes_(chunk, 'x'), down_(down) {
    for (std::size_t i = 0; i < down; ++i) add(connect(way, "d"), EPOLLIN);
    for (std::size_t i = 0; i < up; ++i) add(connect(way, "u"), EPOLLOUT);
  }

  void run_until(clock::time_point end) {
    std::array<epoll_event, 64> events{};
    while (clock::now() < end) {
      const int count = ::epoll_wait(queue_.get(), events.data(), static_cast<int>(events.size()), 10);
      for (int i = 0; i < count; ++i) move(events[static_cast<std::size_t>(i)].data.u64);
    }
  }

  double received = 0, sent = 0;

 private:
  void add(handle socket, unsigned what) {
    set_non_blocking(socket.get());
    epoll_event event{};
    event.events = what;
    event.data.u64 = sockets_.size();
    if (::epoll_ctl(queue_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) fail("epoll_ctl");
    sockets_.push_back(std::move(socket));
  }

  void move(std::size_t i) {
    const int socket = sockets_[i].get();
    const bool down = i < down_;
    const ssize_t n = down ? ::recv(socket, nullptr, 4 * chunk, MSG_TRUNC)  // without a copy
                           : ::send(socket, bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
    if (n > 0) {
      (down ? received : sent) += static_cast<double>(n);
    } else if (n == 0 || errno != EAGAIN) {
      throw std::runtime_error("a stream ended early");
    }
  }

  handle queue_;
  std::vector<char> bytes_;
  std::size_t down_;
  std::vector<handle> sockets_;
};

}  // namespace

void bulk(const route& way, std::size_t down, std::size_t up, double seconds) {
  pump streams(way, down, up);
  streams.run_until(clock::now() + start_up);
  streams.received = streams.sent = 0;
  const auto begin = clock::now();
  print_begin();
  streams.run_until(begin + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds)));
  const double took = std::chrono::duration<double>(clock::now() - begin).count();
  std::printf("{\"seconds\": %.6f, \"down\": %.0f, \"up\": %.0f}\n", took, streams.received, streams.sent);
}

}  // namespace load
