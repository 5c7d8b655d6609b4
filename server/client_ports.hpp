// The ports that clients have this server listen on (mtcp-client --reverse), of one worker: for each connection that
// comes in, a stream to the client.
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>

#include "listen_rules.hpp"
#include "mtcp/acceptor.hpp"
#include "mtcp/async.hpp"

namespace mtcp::server {

struct common_places;

class client_ports {
 public:
  /// `places` are those of the whole server.
  client_ports(const executor& where, common_places& places);
  client_ports(const client_ports&) = delete;
  client_ports& operator=(const client_ports&) = delete;
  ~client_ports();

  /// For everybody, and for the keys that have their own. Ends those that are no longer allowed.
  void set_rules(listen_rules allowed, std::map<key_id, listen_rules> of_keys);
  /// Of connections to come.
  void set_keep_alive(std::chrono::seconds idle) { keep_alive_ = idle; }

  /// Serves `request`, which listens(), until the client ends it, and then to the end of its last connection.
  task<> serve(incoming request);
  /// Listens no more; what was accepted goes on.
  void stop();
  /// Of a client that has crashed and is back, its former session, which waits for bridges in vain, holds the port: if
  /// there is one here, it no longer does.
  bool free_deserted(const key_id& owner, const core::target& asked);

 private:
  struct port;
  using port_ref = std::shared_ptr<port>;

  const listen_rules& rules_of(const key_id& owner) const;
  port_ref try_open(const incoming& request, const core::target& where);
  port_ref open(const incoming& request, core::refusal& why);
  task<> listen(port_ref on);
  task<> serve_connection(port_ref of, tcp::socket peer);
  void complain(const incoming& request, const std::string& why);

  executor executor_;
  common_places& places_;
  listen_rules rules_;
  std::map<key_id, listen_rules> rules_of_keys_;
  std::chrono::seconds keep_alive_{60};
  std::list<port_ref> open_;
};

}  // namespace mtcp::server
