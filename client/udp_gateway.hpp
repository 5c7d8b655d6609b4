// UDP that a packet filter sends here by TPROXY: an association for each address and port that it comes from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "mtcp/net/relay/datagram_socket.hpp"
#include "redirection.hpp"
#include "udp_flow.hpp"
#include "udp_places.hpp"

namespace mtcp::client {

class udp_gateway {
 public:
  /// How associations that begin are to be served; what it returns keeps what belongs to it.
  using port_source = std::function<std::shared_ptr<const local_port>()>;

  /// `guard` must outlive it. `mark` is that of answers.
  udp_gateway(const executor& where, port_source now, redirection_guard& guard, std::uint32_t mark,
              const udp_places::limits& most = {});

  /// operation_not_permitted without CAP_NET_ADMIN or CAP_NET_RAW.
  error_code listen(const udp::endpoint& local);
  /// As answer_sockets say.
  error_code try_low_port(bool ipv6) const { return answers_.try_low_port(ipv6); }
  /// Until stop().
  task<> run();
  void stop();

 private:
  void take(std::span<const std::byte> datagram, const udp::endpoint& from, const udp::endpoint& to);
  udp_flow* flow_of(const udp::endpoint& source);
  task<> run_flow(std::shared_ptr<udp_flow> flow, udp::endpoint source);
  void forget(const udp::endpoint& source);

  executor executor_;
  port_source now_;
  redirection_guard& guard_;
  std::vector<std::unique_ptr<datagram_socket>> sockets_;
  answer_sockets answers_;
  udp_places places_;
  std::map<udp::endpoint, std::shared_ptr<udp_flow>> flows_;
  bool stopped_ = false;
  task_group parts_;
};

}  // namespace mtcp::client
