#include "udp_gateway.hpp"

#include <utility>

#include "program/process.hpp"

namespace mtcp::client {

udp_gateway::udp_gateway(const executor& where, port_source now, redirection_guard& guard, std::uint32_t mark,
                         const udp_places::limits& most)
    : executor_(where),
      now_(std::move(now)),
      guard_(guard),
      answers_(where, mark),
      places_(most),
      parts_(where, program::report_failure) {}

error_code udp_gateway::listen(const udp::endpoint& local) {
  auto socket = std::make_unique<datagram_socket>(executor_);
  const error_code error = socket->open_transparent(local);
  if (!error) sockets_.push_back(std::move(socket));
  return error;
}

task<> udp_gateway::run() {
  for (const auto& socket : sockets_) {
    datagram_socket::redirected_receiver to = [this](std::span<const std::byte> datagram, const udp::endpoint& from,
                                                     const udp::endpoint& at) { take(datagram, from, at); };
    parts_.start(socket->receive_redirected(std::move(to)));
  }
  co_await parts_.wait();
}

void udp_gateway::take(std::span<const std::byte> datagram, const udp::endpoint& from, const udp::endpoint& to) {
  if (from.port() == 0 || !guard_.permits(to.address(), to.port())) return;
  if (udp_flow* flow = flow_of(from)) flow->take(datagram, to);
}

udp_flow* udp_gateway::flow_of(const udp::endpoint& source) {
  const auto found = flows_.find(source);
  if (found != flows_.end()) {
    places_.used(source);
    return found->second.get();
  }
  if (stopped_ || guard_.is_own(source)) return nullptr;
  const udp_places::verdict place = places_.enter(source);
  if (place.gives_way) forget(*place.gives_way);
  if (!place.admitted) return nullptr;
  auto flow = std::make_shared<udp_flow>(executor_, now_(), source, answers_);
  flows_.emplace(source, flow);
  parts_.start(run_flow(flow, source));
  return flow.get();
}

task<> udp_gateway::run_flow(std::shared_ptr<udp_flow> flow, udp::endpoint source) {
  co_await flow->run();
  const auto found = flows_.find(source);
  if (found == flows_.end() || found->second != flow) co_return;  // it has given way
  flows_.erase(found);
  places_.leave(source);
}

/// Its place is another's already.
void udp_gateway::forget(const udp::endpoint& source) {
  const auto found = flows_.find(source);
  const std::shared_ptr<udp_flow> flow = found->second;
  flows_.erase(found);
  flow->stop();
}

void udp_gateway::stop() {
  stopped_ = true;
  for (const auto& socket : sockets_) socket->close();
  const auto all = flows_;  // which they leave when they end
  for (const auto& [source, flow] : all) flow->stop();
}

}  // namespace mtcp::client
