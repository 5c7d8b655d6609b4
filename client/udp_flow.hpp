// The UDP of one address and port that a packet filter sends here: an association through the tunnel and, for what the
// rules let past it, a socket of this machine's own. Answers go back in the names of those who gave them.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "local_port.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/datagram_exit.hpp"
#include "mtcp/net/relay/answer_sockets.hpp"
#include "udp_patience.hpp"

namespace mtcp::client {

class udp_flow {
 public:
  /// `answers` must outlive it.
  udp_flow(const executor& where, std::shared_ptr<const local_port> with, const udp::endpoint& source,
           answer_sockets& answers);

  /// Something that the source has sent to `to`. Until the association is open little is kept, and the rest dropped.
  void take(std::span<const std::byte> datagram, const udp::endpoint& to);
  /// Until it is idle, or stop(), or there is no way for what it has to send.
  task<> run();
  void stop();

 private:
  using clock = std::chrono::steady_clock;
  struct waiting {
    core::target to;
    std::vector<std::byte> bytes;
  };

  void send_through(core::target to, std::span<const std::byte> datagram);
  void keep(core::target to, std::span<const std::byte> datagram);
  task<> carry();
  void give_up_tunnel();
  task<> download();
  void send_directly(core::target to, std::span<const std::byte> datagram);
  bool open_exit();
  void answer(std::span<const std::byte> datagram, const udp::endpoint& from);
  task<> watch();

  executor executor_;
  std::shared_ptr<const local_port> with_;
  udp::endpoint source_;
  origin origin_;
  answer_sockets& answers_;
  std::vector<waiting> early_;
  std::size_t early_bytes_ = 0;
  bool opening_ = false;
  std::optional<association> through_;
  asio::cancellation_signal given_up_;
  std::unique_ptr<datagram_exit> exit_;  // for what goes past the tunnel; null until something does
  udp_patience patience_;
  clock::time_point last_used_ = clock::now();
  bool stopped_ = false;
  timer idle_;
  task_group parts_;
};

}  // namespace mtcp::client
