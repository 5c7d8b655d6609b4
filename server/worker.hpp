// One thread's share of the server: the tunnels that live there, and the destinations that their clients ask for.
#pragma once

#include <functional>
#include <map>

#include "audit_entry.hpp"
#include "client_ports.hpp"
#include "descriptor_shares.hpp"
#include "key_accounts.hpp"
#include "mtcp/acceptor.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "places.hpp"

namespace mtcp::server {

/// What the users of all workers share.
struct common_places {
  descriptor_shares descriptors;
  places udp{1'024, 8'192};  ///< associations, each of which holds a port
  places tests{8, 64};       ///< streams of `mtcp-client test`
  audit_log audit{};
  key_accounts keys{};
  places listeners{64, 1'024};
  /// Has every worker free that port, soon, if only a deserted session of that key holds it.
  std::function<void(const key_id& owner, const core::target& asked)> free_deserted{};
  bool local_names = false;  ///< the hosts file and the search list are for clients' names too
};

class worker {
 public:
  /// Throws program::settings_error if it cannot listen. `places` are those of the whole server.
  worker(asio::io_context& io, acceptor_options options, common_places& places);

  acceptor& bridges() noexcept { return acceptor_; }
  const acceptor& bridges() const noexcept { return acceptor_; }
  /// Serves until drain().
  task<> run();
  /// For destinations to come, and where clients may have this server listen from now on: for everybody, and for the
  /// keys that have more to say.
  void set_rules(rules allowed, listen_rules listen, const granted_keys& keys);
  /// Whether clients may test the line, from now on.
  void set_tests(bool allowed) { tests_ = allowed; }
  void set_keep_alive(std::chrono::seconds idle);
  void free_deserted(const key_id& owner, const core::target& asked) { client_ports_.free_deserted(owner, asked); }
  /// Accepts no more, and lets run() return when the last stream has ended; resets what is left after 7 s.
  void drain();

 private:
  task<> accept_streams();
  task<> serve(incoming request);
  task<> serve_within_limits(incoming request, const stream_place& place);
  void refuse_for_limit(key_account& account, key_account::verdict why, incoming request);
  /// What its owner's key may reach, whenever it is asked.
  permission permission_of(const incoming& request) const;
  task<> serve_stream(incoming request, descriptor_claim& claim, const stream_place& place);
  task<> serve_udp(incoming request, key_account& account);
  task<> serve_own(incoming request);

  acceptor acceptor_;
  common_places& places_;
  rules rules_;
  std::map<key_id, rules> rules_of_keys_;
  bool tests_ = true;
  resolver resolver_;
  dialer dialer_;
  client_ports client_ports_;
  task_group background_;
  task_group streams_;
  timer drained_;
  timer grace_;
};

}  // namespace mtcp::server
