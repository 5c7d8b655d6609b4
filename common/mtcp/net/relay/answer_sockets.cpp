#include "mtcp/net/relay/answer_sockets.hpp"

#include <boost/asio/socket_base.hpp>

#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {

error_code answer_sockets::send(std::span<const std::byte> datagram, const udp::endpoint& from,
                                const udp::endpoint& to) {
  if (from.address().is_v6() != to.address().is_v6()) return asio::error::address_family_not_supported;
  if (from.address().is_multicast() || from.port() == 0) return asio::error::invalid_argument;
  if (here_.contains(from.address())) return asio::error::address_in_use;
  error_code error;
  udp::socket* socket = socket_of(from, error);
  if (socket != nullptr) socket->send_to(asio::buffer(datagram.data(), datagram.size()), to, 0, error);
  return error;
}

error_code answer_sockets::try_low_port(bool ipv6) const {
  const auto nobody = asio::ip::make_address(ipv6 ? "2001:db8::1" : "192.0.2.1");  // RFC 3849, RFC 5737
  udp::socket probe(executor_);
  return open(probe, {nobody, 53});
}

udp::socket* answer_sockets::socket_of(const udp::endpoint& from, error_code& error) {
  const auto found = by_address_.find(from);
  if (found != by_address_.end()) {
    sockets_.splice(sockets_.begin(), sockets_, found->second);
    return &found->second->second;
  }
  udp::socket fresh(executor_);
  error = open(fresh, from);
  if (error) return nullptr;
  if (sockets_.size() >= most_) {
    by_address_.erase(sockets_.back().first);
    sockets_.pop_back();
  }
  sockets_.emplace_front(from, std::move(fresh));
  by_address_.emplace(from, sockets_.begin());
  return &sockets_.front().second;
}

error_code answer_sockets::open(udp::socket& socket, const udp::endpoint& from) const {
  error_code error, ignored;
  socket.open(from.protocol(), error);
  if (error) return error;
  socket.non_blocking(true, ignored);
  // Nobody reads from it: what is sent there goes to the socket that the packet filter names.
  socket.set_option(asio::socket_base::receive_buffer_size(1), ignored);
  // A name server of this machine may listen on all addresses of port 53.
  socket.set_option(asio::socket_base::reuse_address(true), ignored);
  error = platform::allow_foreign_addresses(socket.native_handle(), from.address().is_v6());
  if (!error && mark_ != 0) error = platform::set_mark(socket.native_handle(), mark_);
  if (!error) socket.bind(from, error);
  return error;
}

}  // namespace mtcp
