#include "support/socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

namespace mtcp::lab {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct any_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

any_address parse(const std::string& text, std::uint16_t port) {
  any_address a;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&a.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&a.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    a.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    if (const auto zone = text.find('%'); zone != std::string::npos)
      v6->sin6_scope_id = if_nametoindex(text.c_str() + zone + 1);
    v6->sin6_port = htons(port);
    a.size = sizeof *v6;
  }
  return a;
}

}  // namespace

socket::socket(const std::string& address, std::uint16_t port) : socket(address, port, {}) {}

socket::socket(const std::string& address, std::uint16_t port, const std::string& from) {
  const any_address to = parse(address, port);
  descriptor_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) fail("socket");
  const timeval patience{20, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int at_once = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const any_address here = parse(from, 0);
  const bool bound =
      from.empty() || ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&here.storage), here.size) == 0;
  if (bound && ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0) return;
  const int error = errno;
  close(descriptor_);
  errno = error;
  fail("connect");
}

socket::socket(socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

socket::~socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

void socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void socket::send_urgent(char byte) {
  if (::send(descriptor_, &byte, 1, MSG_NOSIGNAL | MSG_OOB) != 1) fail("send");
}

std::uint64_t socket::send_until_full() {
  const std::array<char, 65536> zeros{};
  std::uint64_t sent = 0;
  for (pollfd room{descriptor_, POLLOUT, 0}; poll(&room, 1, 500) == 1;) {
    const ssize_t size = ::send(descriptor_, zeros.data(), zeros.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN) fail("send");
    if (size > 0) sent += static_cast<std::uint64_t>(size);
  }
  return sent;
}

std::string socket::receive_some() {
  std::string buffer(65536, '\0');
  const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (size < 0) fail("recv");
  buffer.resize(static_cast<std::size_t>(size));
  return buffer;
}

std::string socket::receive(std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = recv(descriptor_, text.data() + have, size - have, 0);
    if (n < 0) fail("recv");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  text.resize(have);
  return text;
}

tail socket::drain(std::string& text) {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (size == 0) return tail::end;
    if (size < 0) return errno == ECONNRESET ? tail::reset : tail::timeout;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

bool socket::readable(std::chrono::milliseconds patience) const {
  pollfd watched{descriptor_, POLLIN, 0};
  return poll(&watched, 1, static_cast<int>(patience.count())) == 1;
}

std::uint16_t socket::local_port() const {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin6_port);  // at the same place in sockaddr_in
}

void socket::shutdown_send() { ::shutdown(descriptor_, SHUT_WR); }

void socket::reset() {
  const linger at_once{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(std::exchange(descriptor_, -1));
}

std::string octets(std::initializer_list<int> values) {
  std::string text;
  for (const int v : values) text += static_cast<char>(v);
  return text;
}

std::uint16_t port_of_its_own() {
  std::random_device chance;
  std::uniform_int_distribution<int> below_what_is_given_away(16'384, 32'767);  // net.ipv4.ip_local_port_range
  for (;;) {
    const auto port = static_cast<std::uint16_t>(below_what_is_given_away(chance));
    const any_address at = parse("127.0.0.1", port);
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one < 0) fail("socket");
    const bool is_free = ::bind(one, reinterpret_cast<const sockaddr*>(&at.storage), at.size) == 0;
    ::close(one);
    if (is_free) return port;
  }
}

std::string port_bytes(std::uint16_t port) { return octets({port >> 8, port & 0xff}); }

std::string socks_address(const std::string& host, std::uint16_t port) {
  const any_address a = parse(host, port);
  std::string text;
  if (a.storage.ss_family == AF_INET) {
    text = '\x01' +
           std::string(reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr), 4);
  } else if (a.storage.ss_family == AF_INET6) {
    text = '\x04' +
           std::string(reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr), 16);
  } else {
    text = '\x03' + std::string(1, static_cast<char>(host.size())) + host;
  }
  return text + port_bytes(port);
}

socks_reply socks_connect(socket& proxy, const std::string& host, std::uint16_t port) {
  proxy.send(std::string_view("\x05\x01\x00", 3));
  if (proxy.receive(2) != std::string_view("\x05\x00", 2)) return {};
  proxy.send(std::string("\x05\x01\x00", 3) + socks_address(host, port));
  std::string reply = proxy.receive(4);
  if (reply.size() < 4) return {};
  const std::size_t address = reply[3] == 4 ? 16 : 4;
  reply += proxy.receive(address + 2);
  return {static_cast<unsigned char>(reply[1]), reply};
}

}  // namespace mtcp::lab
