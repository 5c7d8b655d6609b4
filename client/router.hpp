// Which way each destination of an application goes (--direct, --block, --tunnel), and the way past the tunnel.
//
// What the rules say comes first. Where they say nothing, the addresses on the links of this machine are direct, for
// applications of another machine only those on the link that it is on itself, and loopback is for applications that
// come from there; the rest goes through the tunnel. Names are not looked up to find out whether they lead to such an
// address: that would tell name servers what the tunnel hides, and take time.
//
// A direct dial never leads applications of other machines to this one, by whatever address or name.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "direct_connections.hpp"
#include "mtcp/async.hpp"
#include "mtcp/net/datagram_exit.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/platform/own_addresses.hpp"
#include "mtcp/net/platform/own_links.hpp"
#include "mtcp/proxy/pac.hpp"
#include "mtcp/proxy/route_table.hpp"
#include "mtcp/types.hpp"
#include "rule_options.hpp"

namespace mtcp::client {

/// Where an application's connection comes from. Who does not come from loopback is on another machine, as far as
/// anybody can tell.
struct origin {
  ip_address address;  ///< unmapped()
  bool is_here() const { return address.is_loopback(); }
};
origin origin_of(const tcp::socket& application);

/// Threads: one. Held by all who use it.
class router : public std::enable_shared_from_this<router> {
 public:
  struct way {
    proxy::route to = proxy::route::tunnel;
    std::string rule{};  ///< in words, if it is blocked
  };

  /// `sockets`: of direct connections, and in part of direct datagrams. `addresses` and `links`: what this machine has.
  router(const executor& where, rule_settings rules, const dial_options& sockets,
         own_addresses::source addresses = platform::interface_addresses,
         own_links::source links = platform::interface_blocks);

  /// For destinations to come.
  void set_rules(rule_settings rules) { rules_ = std::move(rules); }
  void set_keep_alive(std::chrono::seconds idle);

  way way_to(const core::target& to, proxy::transport over, const origin& from);
  /// Whether a direct way may end at this address.
  bool permits(const tcp::endpoint& to, proxy::transport over, const origin& from) const;
  /// As dialer::dial().
  task<dialed> dial(core::target to, const origin& from);
  /// A socket for the datagrams that an application from there sends past the tunnel: open, and they are counted.
  /// `back` hears what comes. The router has to outlive it.
  result<std::unique_ptr<datagram_exit>> open_exit(const executor& where, const origin& from,
                                                   datagram_socket::receiver back);
  direct_connections& connections() noexcept { return connections_; }

  /// The script for browsers, which says the same as the rules do of them.
  std::string pac(const core::target& proxy, bool with_users, const origin& browser);

  /// A dial that stop() is to cancel, as long as this is there.
  class under_way {
   public:
    under_way(router& in, std::function<void()> cancel) : in_(in), cancel_(std::move(cancel)) {
      in_.dials_.insert(this);
    }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;
    ~under_way() { in_.dials_.erase(this); }

   private:
    friend class router;
    router& in_;
    std::function<void()> cancel_;
  };
  /// Ends all direct connections, and all dials.
  void stop();

 private:
  bool is_direct_by_default(const core::target& to, const origin& from);
  bool is_linked(const ip_address& address, const origin& from);
  bool is_own(const ip_address& address) const;

  rule_settings rules_;
  own_addresses machine_;
  own_links links_;
  std::uint32_t mark_;
  resolver names_;
  dialer from_here_, from_elsewhere_;
  direct_connections connections_;
  std::set<under_way*> dials_;
};

}  // namespace mtcp::client
