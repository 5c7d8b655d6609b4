#include "origin.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <unordered_map>
#include <vector>

#include "socket.hpp"

namespace load {
namespace {

constexpr std::size_t chunk = 256 * 1024;

class origin {
 public:
  explicit origin(std::uint16_t port) : queue_(::epoll_create1(EPOLL_CLOEXEC)), bytes_(chunk, 'x') { listen(port); }

  void turn() {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(queue_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == door_.get()) {
        accept();
      } else if (!serve(socket)) {
        purposes_.erase(socket);
        ::close(socket);
      }
    }
  }

 private:
  void listen(std::uint16_t port) {
    door_ = handle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(door_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(port);
    if (::bind(door_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) fail("bind");
    if (::listen(door_.get(), 4096) != 0) fail("listen");
    watch(door_.get(), EPOLLIN, EPOLL_CTL_ADD);
  }

  void watch(int socket, unsigned what, int how) {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    if (::epoll_ctl(queue_.get(), how, socket, &event) != 0) fail("epoll_ctl");
  }

  void accept() {
    for (;;) {
      const int socket = ::accept4(door_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      purposes_[socket] = 0;
      watch(socket, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  // One call per turn, so that every connection gets its own. False at the end of the connection.
  bool serve(int socket) {
    char& purpose = purposes_[socket];
    if (purpose == 0) return begin(socket, purpose);
    if (purpose == 'd') return ::send(socket, bytes_.data(), bytes_.size(), MSG_NOSIGNAL) > 0 || errno == EAGAIN;
    if (purpose == 'u') return ::recv(socket, nullptr, chunk, MSG_TRUNC) > 0;  // without a copy
    std::array<char, 4096> message{};
    const ssize_t size = ::recv(socket, message.data(), message.size(), 0);
    return size > 0 && ::send(socket, message.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
  }

  bool begin(int socket, char& purpose) {
    if (::recv(socket, &purpose, 1, 0) != 1) return false;
    if (purpose == 'd') watch(socket, EPOLLOUT, EPOLL_CTL_MOD);
    return true;
  }

  handle queue_;
  handle door_;
  std::vector<char> bytes_;
  std::unordered_map<int, char> purposes_;
};

}  // namespace

void serve(std::uint16_t port) {
  allow_many_files();
  origin here(port);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) here.turn();
}

}  // namespace load
