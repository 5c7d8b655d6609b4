#include "mtcp/net/datagram_exit.hpp"

#include <utility>

#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {
namespace {

constexpr std::chrono::seconds lookup_limit{5};  // by then whoever waits will have asked again

}  // namespace

datagram_exit::datagram_exit(const executor& where, resolver& names, permission allowed, options o)
    : socket_(where),
      names_(names),
      allowed_(std::move(allowed)),
      options_(std::move(o)),
      lookups_(where, [this](const std::exception_ptr&) { close(); }) {}

error_code datagram_exit::open() {
  error_code error = socket_.open({udp::protocol::v6(), 0});
  if (error) error = socket_.open({udp::protocol::v4(), 0});
  if (error || options_.mark == 0) return error;
  return platform::set_mark(socket_.native_handle(), options_.mark);
}

void datagram_exit::send(core::datagram datagram) {
  if (const auto literal = zoned_address::parse(datagram.peer.host)) {
    if (const auto address = literal->here()) send_to(*address, datagram);
  } else if (lookups_.size() < options_.max_lookups) {
    lookups_.start(look_up_and_send(std::move(datagram)));
  }
}

task<> datagram_exit::look_up_and_send(core::datagram datagram) {
  const auto found = co_await names_.resolve(datagram.peer.host, clock::now() + lookup_limit);
  if (!found || closed_) co_return;
  send_to_name(*found, datagram);
}

void datagram_exit::send_to_name(const std::vector<ip_address>& found, const core::datagram& datagram) {
  const std::string name = to_string(datagram.peer);
  std::vector<ip_address> permitted;
  for (const ip_address& address : found)
    if (allowed_({address, datagram.peer.port})) permitted.push_back(unmapped(address));
  for (const ip_address& address : choices_.order(name, permitted, clock::now()))
    if (send_to(address, datagram)) return choices_.sent(name, address, clock::now());
}

bool datagram_exit::send_to(const ip_address& to, const core::datagram& datagram) {
  const ip_address address = unmapped(to);
  if (!allowed_({address, datagram.peer.port})) return false;
  const auto payload = datagram.payload.bytes();
  if (socket_.send(payload, {address, datagram.peer.port})) return false;
  if (options_.on_sent) options_.on_sent(payload.size());
  return true;
}

task<> datagram_exit::run() {
  datagram_socket::receiver to = [this](std::span<const std::byte> payload, const udp::endpoint& from) {
    choices_.heard(from.address());
    options_.on_datagram(payload, from);
  };
  co_await socket_.receive_all(std::move(to));
  co_await lookups_.wait();
}

void datagram_exit::close() {
  closed_ = true;
  socket_.close();
}

}  // namespace mtcp
