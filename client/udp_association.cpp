#include "udp_association.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/datagram_exit.hpp"
#include "mtcp/net/platform/plain_address.hpp"
#include "mtcp/net/relay/datagram_socket.hpp"
#include "mtcp/proxy/datagram.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "opening.hpp"
#include "socks_reply.hpp"
#include "udp_sources.hpp"

namespace mtcp::client {
namespace {

udp::endpoint endpoint_of(const core::target& literal) {
  const auto address = parse_address(literal.host);
  return address ? udp::endpoint(unmapped(*address), literal.port) : udp::endpoint();
}

class udp_association {
 public:
  /// `ways` may be null: all goes through the tunnel then.
  udp_association(tcp::socket application, std::shared_ptr<router> ways, association through, datagram_socket socket,
                  ip_address source, udp_sources ports, std::unique_ptr<program::book_entry> entry)
      : application_(std::move(application)),
        ways_(std::move(ways)),
        from_(origin_of(application_)),
        through_(std::move(through)),
        socket_(std::move(socket)),
        source_(std::move(source)),
        ports_(std::move(ports)),
        entry_(std::move(entry)),
        parts_(application_.get_executor(), [this](const std::exception_ptr&) { stop(); }) {}

  task<> run() {
    parts_.start(upload());
    parts_.start(download());
    parts_.start(watch());
    co_await parts_.wait();
    if (entry_) entry_->ended("closed");
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
    if (from.address() != source_ || !ports_.admits(from.port())) return;
    const auto header = proxy::decode_datagram_header(datagram);
    if (!header) return;
    ports_.sent(from.port(), header.value());
    const auto payload = datagram.subspan(header.size());
    switch (ways_ ? ways_->way_to(header.value(), proxy::transport::udp, from_).to : proxy::route::tunnel) {
      case proxy::route::tunnel:
        count(payload.size(), false);
        through_.send(header.value(), payload);
        return;
      case proxy::route::direct:
        return send_directly(header.value(), payload);
      case proxy::route::block:
        return ways_->connections().blocked_datagram();
    }
  }

  void send_directly(const core::target& to, std::span<const std::byte> payload) {
    if (!exit_ && !open_exit()) return;
    count(payload.size(), false);
    exit_->send({to, core::slice::copy_of(payload)});
  }

  /// Most applications never need it.
  bool open_exit() {
    auto opened = ways_->open_exit(application_.get_executor(), from_,
                                   [this](std::span<const std::byte> payload, const udp::endpoint& from) {
                                     give({from.address().to_string(), from.port()}, payload);
                                   });
    if (!opened) return false;
    exit_ = std::move(*opened);
    parts_.start(exit_->run());
    return true;
  }

  void give(const core::target& peer, std::span<const std::byte> payload) {
    const std::uint16_t port = ports_.port_for(peer);
    if (port == 0) return;  // it has not sent anything: nobody knows where it is
    count(payload.size(), true);
    const proxy::encoded_datagram_header header(peer);
    socket_.send(header.bytes(), payload, {source_, port});
  }

  void count(std::size_t bytes, bool to_local) {
    if (entry_) entry_->crossed(bytes, to_local);
  }

  task<> download() {
    for (;;) {
      const auto [error, datagram] = co_await through_.async_receive(use_result);
      if (error) break;
      give(datagram.peer, datagram.payload.bytes());
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
    if (exit_) exit_->close();
  }

  tcp::socket application_;
  std::shared_ptr<router> ways_;
  origin from_;
  association through_;
  std::unique_ptr<datagram_exit> exit_;  // for what goes past the tunnel; null until something does
  datagram_socket socket_;
  ip_address source_;
  udp_sources ports_;
  std::unique_ptr<program::book_entry> entry_;  // may be null
  task_group parts_;
};

/// On the address that the application has reached. `guessable`: of the port's own number, if it is free. Datagrams
/// have no password, so where one is needed nobody is to know the number but who has given it. Behind a translation of
/// addresses only that one leads here.
error_code open_socket(datagram_socket& socket, const tcp::endpoint& reached, bool guessable) {
  const ip_address address = unmapped(reached.address());
  if (guessable && !socket.open({address, reached.port()})) return {};
  return socket.open({address, 0});
}

/// Who may send; port 0 if it has not said. Behind a translation of addresses (--udp-advertise), ports are not what
/// they are said to be.
udp::endpoint source_of(const tcp::socket& application, const core::target& declared, bool translated) {
  error_code gone;
  const udp::endpoint peer(unmapped(application.remote_endpoint(gone).address()), 0);
  const udp::endpoint said = endpoint_of(declared);
  const bool usable = !translated && (said.address() == plain(peer.address()) || said.address().is_unspecified());
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
  error_code error = gone ? gone : open_socket(socket, reached, port.users.empty() || !port.udp_advertise.empty());
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
  udp_sources ports(source.port(), !port.users.empty());  // others at that address have given no password
  if (!co_await with->send(answer.bytes())) co_return;
  auto entry = program::entry_in(port.book, {{"udp", 0}, mtcp::client::source_of(with->socket()), with->user(), false});
  udp_association all(with->release(), port.ways, association(std::move(carrier)), std::move(socket), source.address(),
                      std::move(ports), std::move(entry));
  with.reset();
  co_await all.run();
}

}  // namespace mtcp::client
