#include "socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace load {
namespace {

sockaddr_in parse_endpoint(const std::string& text) {
  const std::size_t colon = text.find(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not ADDRESS:PORT: " + text);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1))));
  return address;
}

// RFC 1928: no authentication, CONNECT to an IPv4 address.
void ask_proxy(int socket, const sockaddr_in& target) {
  std::array<unsigned char, 10> request{5, 1, 0, 1};
  std::memcpy(&request[4], &target.sin_addr, 4);
  std::memcpy(&request[8], &target.sin_port, 2);
  std::array<unsigned char, 10> reply{};
  write_all(socket, "\5\1\0", 3);
  read_all(socket, reply.data(), 2);
  write_all(socket, request.data(), request.size());
  read_all(socket, reply.data(), reply.size());  // every proxy here answers with an IPv4 address
  if (reply[1] != 0) throw std::runtime_error("the proxy refused");
}

}  // namespace

void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

handle::~handle() {
  if (number_ >= 0) ::close(number_);
}

route parse_route(const std::string& proxy, const std::string& target) {
  route way;
  way.target = parse_endpoint(target);
  way.proxied = proxy != "-";
  if (way.proxied) way.proxy = parse_endpoint(proxy);
  return way;
}

handle connect(const route& way, const std::string& first) {
  handle made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (made.get() < 0) fail("socket");
  const int on = 1;
  ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in& to = way.proxied ? way.proxy : way.target;
  if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  if (way.proxied) ask_proxy(made.get(), way.target);
  write_all(made.get(), first.data(), first.size());
  return made;
}

void write_all(int socket, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t n = ::send(socket, at, size, MSG_NOSIGNAL);
    if (n < 0) fail("send");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void read_all(int socket, void* bytes, std::size_t size) {
  char* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t n = ::recv(socket, at, size, 0);
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error("the connection ended early");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void set_non_blocking(int socket) { ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK); }

void allow_many_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace load
