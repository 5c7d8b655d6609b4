#include "udp_association.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/relay/datagram_socket.hpp"
#include "mtcp/proxy/datagram.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "opening.hpp"
#include "socks_reply.hpp"

namespace mtcp::client {
namespace {

udp::endpoint endpoint_of(const core::target& literal) {
  const auto address = parse_address(literal.host);
  return address ? udp::endpoint(unmapped(*address), literal.port) : udp::endpoint();
}

class udp_association {
 public:
  udp_association(tcp::socket application, association through, datagram_socket socket, udp::endpoint source)
      : application_(std::move(application)),
        through_(std::move(through)),
        socket_(std::move(socket)),
        source_(std::move(source)),
        parts_(application_.get_executor(), [this](const std::exception_ptr&) { stop(); }) {}

  task<> run() {
    parts_.start(upload());
    parts_.start(download());
    parts_.start(watch());
    co_await parts_.wait();
  }

 private:
  task<> upload() {
    datagram_socket::receiver to = [this](std::span<const std::byte> datagram, const udp::endpoint& from) {
      take(datagram, from);
    };
    co_await socket_.receive_all(std::move(to));
    stop();
  }

  void take(std::span<const std::byte> datagram, const udp::endpoint& from) {
    if (from.address() != source_.address() || (source_.port() != 0 && from.port() != source_.port())) return;
    const auto header = proxy::decode_datagram_header(datagram);
    if (!header) return;
    source_.port(from.port());
    through_.send(header.value(), datagram.subspan(header.size()));
  }

  task<> download() {
    for (;;) {
      const auto [error, datagram] = co_await through_.async_receive(use_result);
      if (error) break;
      if (source_.port() == 0) continue;  // it has not sent anything: nobody knows where it is
      const proxy::encoded_datagram_header header(datagram.peer);
      socket_.send(header.bytes(), datagram.payload.bytes(), source_);
    }
    stop();
  }

  /// The application sends nothing more, but the end of its connection ends the association.
  task<> watch() {
    std::array<char, 512> ignored;
    const auto into = asio::buffer(ignored);
    error_code error;
    while (!error) std::tie(error, std::ignore) = co_await application_.async_read_some(into, use_result);
    stop();
  }

  void stop() {
    error_code ignored;
    application_.close(ignored);
    socket_.close();
    through_.close();
  }

  tcp::socket application_;
  association through_;
  datagram_socket socket_;
  udp::endpoint source_;  // port 0: not known yet
  task_group parts_;
};

/// On the address that the application has reached.
error_code open_socket(datagram_socket& socket, const tcp::endpoint& reached) {
  const ip_address address = unmapped(reached.address());
  if (!socket.open({address, reached.port()})) return {};
  return socket.open({address, 0});
}

/// Who may send. Behind a translation of addresses (--udp-advertise), ports are not what they are said to be.
udp::endpoint source_of(const tcp::socket& application, const core::target& declared, bool translated) {
  error_code gone;
  const udp::endpoint peer(unmapped(application.remote_endpoint(gone).address()), 0);
  const udp::endpoint said = endpoint_of(declared);
  const bool usable = !translated && (said.address() == peer.address() || said.address().is_unspecified());
  return {peer.address(), usable ? said.port() : std::uint16_t{0}};
}

task<> refuse(dialogue& with, const error_code& error) {
  const proxy::encoded_reply answer(reply_to(error), {});
  co_await with.send_last(answer.bytes());
}

}  // namespace

task<> serve_association(const local_port& port, std::unique_ptr<dialogue> with, core::target declared) {
  with->lift_limit();
  datagram_socket socket(with->socket().get_executor());
  error_code gone;
  const tcp::endpoint reached = with->socket().local_endpoint(gone);
  error_code error = gone ? gone : open_socket(socket, reached);
  core::target nowhere;
  stream carrier;
  if (!error) {
    const end_of_file means = end_of_file::leaves;  // RFC 1928, section 6: it ends with this connection
    opening opened = co_await open_for(with->socket(), port.through, std::move(nowhere), {}, means);
    error = opened.error;
    carrier = std::move(opened.remote);
  }
  spdlog::debug("udp association: {}", error ? error.message() : "open");
  if (error) co_return co_await refuse(*with, error);
  const udp::endpoint local = socket.local_endpoint();
  const std::string told = port.udp_advertise.empty() ? local.address().to_string() : port.udp_advertise;
  const proxy::encoded_reply answer(proxy::reply::succeeded, {told, local.port()});
  const udp::endpoint source = source_of(with->socket(), declared, !port.udp_advertise.empty());
  if (!co_await with->send(answer.bytes())) co_return;
  udp_association all(with->release(), association(std::move(carrier)), std::move(socket), source);
  with.reset();
  co_await all.run();
}

}  // namespace mtcp::client
