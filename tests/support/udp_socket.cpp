#include "support/udp_socket.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <system_error>

namespace mtcp::lab {
namespace {

using endpoint = boost::asio::ip::udp::endpoint;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

endpoint parse(const std::string& address, std::uint16_t port) {
  return {boost::asio::ip::make_address(address), port};
}

int open(const endpoint& like) {
  const int descriptor = ::socket(like.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  return descriptor;
}

}  // namespace

udp_socket::udp_socket(const std::string& address, std::uint16_t port) : descriptor_(open(parse(address, port))) {
  endpoint local = parse(address, port);
  socklen_t size = static_cast<socklen_t>(local.capacity());
  if (::bind(descriptor_, local.data(), static_cast<socklen_t>(local.size())) != 0) fail("bind");
  if (::getsockname(descriptor_, local.data(), &size) != 0) fail("getsockname");
  port_ = local.port();
}

udp_socket::~udp_socket() { ::close(descriptor_); }

void udp_socket::send(std::string_view payload, const std::string& address, std::uint16_t port) {
  const endpoint to = parse(address, port);
  const ssize_t size =
      ::sendto(descriptor_, payload.data(), payload.size(), MSG_NOSIGNAL, to.data(), static_cast<socklen_t>(to.size()));
  if (size < 0) fail("sendto");
}

std::optional<received_datagram> udp_socket::receive(std::chrono::milliseconds patience) {
  pollfd watched{descriptor_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(patience.count())) != 1) return {};
  received_datagram out;
  out.payload.resize(65536);
  endpoint from;
  socklen_t length = static_cast<socklen_t>(from.capacity());
  const ssize_t size = ::recvfrom(descriptor_, out.payload.data(), out.payload.size(), 0, from.data(), &length);
  if (size < 0) fail("recvfrom");
  from.resize(length);
  out.payload.resize(static_cast<std::size_t>(size));
  out.address = from.address().to_string();
  out.port = from.port();
  return out;
}

bool udp_port_closes(const std::string& address, std::uint16_t port, std::chrono::milliseconds patience) {
  const endpoint to = parse(address, port);
  const int descriptor = open(to);
  const auto end = std::chrono::steady_clock::now() + patience;
  bool closed = false;
  if (::connect(descriptor, to.data(), static_cast<socklen_t>(to.size())) != 0) fail("connect");
  while (!closed && std::chrono::steady_clock::now() < end) {
    closed = ::send(descriptor, "?", 1, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED;
    pollfd watched{descriptor, POLLIN, 0};  // an ICMP error wakes it
    if (!closed && ::poll(&watched, 1, 50) == 1) {
      char byte = 0;
      closed = ::recv(descriptor, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED;
    }
  }
  ::close(descriptor);
  return closed;
}

}  // namespace mtcp::lab
