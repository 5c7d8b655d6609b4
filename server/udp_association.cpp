#include "udp_association.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/relay/datagram_socket.hpp"

namespace mtcp::server {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds lookup_limit{5};  // by then the client will have asked again

class udp_association {
 public:
  udp_association(const executor& where, association client, datagram_socket socket, resolver& names,
                  const rules& allowed, const association_options& options)
      : client_(std::move(client)),
        socket_(std::move(socket)),
        names_(names),
        allowed_(allowed),
        options_(options),
        idle_(where),
        parts_(where, [this](const std::exception_ptr&) { stop(); }),
        lookups_(where, [this](const std::exception_ptr&) { stop(); }) {}

  task<> run() {
    parts_.start(outbound());
    parts_.start(inbound());
    parts_.start(watch());
    co_await parts_.wait();
    co_await lookups_.wait();
  }

 private:
  task<> outbound() {
    for (;;) {
      auto [error, datagram] = co_await client_.async_receive(use_result);
      if (error) break;
      last_used_ = clock::now();
      if (const auto literal = parse_address(datagram.peer.host)) {
        send(*literal, datagram);
      } else if (lookups_.size() < options_.max_lookups) {
        lookups_.start(look_up_and_send(std::move(datagram)));
      }
    }
    stop();
  }

  task<> look_up_and_send(core::datagram datagram) {
    const auto found = co_await names_.resolve(datagram.peer.host, clock::now() + lookup_limit);
    if (!found || stopped_) co_return;
    for (const ip_address& address : *found)
      if (send(address, datagram)) co_return;
  }

  bool send(const ip_address& to, const core::datagram& datagram) {
    const ip_address address = unmapped(to);
    if (!allowed_.permits({address, datagram.peer.port})) return false;
    return !socket_.send(datagram.payload.bytes(), {address, datagram.peer.port});
  }

  task<> inbound() {
    datagram_socket::receiver to = [this](std::span<const std::byte> payload, const udp::endpoint& from) {
      last_used_ = clock::now();
      client_.send({from.address().to_string(), from.port()}, payload);
    };
    co_await socket_.receive_all(std::move(to));
    stop();
  }

  task<> watch() {
    while (!stopped_ && clock::now() < last_used_ + options_.idle) {
      idle_.expires_at(last_used_ + options_.idle);
      co_await idle_.async_wait(use_result);
    }
    stop();
  }

  void stop() {
    stopped_ = true;
    socket_.close();
    client_.close();
    idle_.cancel();
  }

  association client_;
  datagram_socket socket_;
  resolver& names_;
  const rules& allowed_;
  association_options options_;
  clock::time_point last_used_ = clock::now();
  bool stopped_ = false;
  timer idle_;
  task_group parts_, lookups_;
};

/// Both families with one socket, or IPv4 alone where there is no IPv6.
error_code open_socket(datagram_socket& socket) {
  if (!socket.open({udp::protocol::v6(), 0})) return {};
  return socket.open({udp::protocol::v4(), 0});
}

}  // namespace

task<> serve_association(incoming request, resolver& names, const rules& allowed, association_options options) {
  const auto where = co_await asio::this_coro::executor;
  datagram_socket socket(where);
  const error_code error = open_socket(socket);
  spdlog::debug("{} udp association: {}", request.user(), error ? error.message() : "open");
  if (error) co_return request.refuse(core::refusal::general);
  const core::target bound{"", socket.local_endpoint().port()};
  association client(request.answer(bound));
  udp_association all(where, std::move(client), std::move(socket), names, allowed, options);
  co_await all.run();
}

}  // namespace mtcp::server
