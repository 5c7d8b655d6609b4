// One thread's share of the server: the tunnels that live there, and the destinations that their clients ask for.
#pragma once

#include "associations.hpp"
#include "descriptor_shares.hpp"
#include "mtcp/acceptor.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"

namespace mtcp::server {

/// What the users of all workers share.
struct common_places {
  descriptor_shares descriptors;
  associations udp{};
};

class worker {
 public:
  /// Throws program::settings_error if it cannot listen. `places` are those of the whole server.
  worker(asio::io_context& io, acceptor_options options, common_places& places);

  acceptor& bridges() noexcept { return acceptor_; }
  const acceptor& bridges() const noexcept { return acceptor_; }
  /// Serves until drain().
  task<> run();
  /// For destinations to come.
  void set_rules(rules allowed) { rules_ = std::move(allowed); }
  /// Accepts no more, and lets run() return when the last stream has ended; resets what is left after 7 s.
  void drain();

 private:
  task<> accept_streams();
  task<> serve(incoming request);
  task<> serve_stream(incoming request, descriptor_claim& claim);
  task<> serve_udp(incoming request);

  acceptor acceptor_;
  common_places& places_;
  rules rules_;
  resolver resolver_;
  dialer dialer_;
  task_group background_;
  task_group streams_;
  timer drained_;
  timer grace_;
};

}  // namespace mtcp::server
