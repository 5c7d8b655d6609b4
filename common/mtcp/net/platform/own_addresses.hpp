// The addresses of this machine, which a server must not dial for its clients: a connection from a machine to itself
// runs over loopback, which host firewalls let pass, and comes from an address that local services tend to trust.
//
// They are those of the interfaces, which the kernel tells, and those at which peers have reached this machine, which a
// load balancer tells and which need not be on any interface.
//
// Threads: any.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/platform/seldom_asked.hpp"

namespace mtcp {

class own_addresses {
 public:
  using answers = seldom_asked<std::set<ip_address>>;
  /// The addresses of the interfaces; empty if they cannot be had.
  using source = std::function<std::optional<std::vector<ip_address>>()>;

  /// Interfaces change: contains() asks `interfaces` again, at most once in `interval`.
  explicit own_addresses(source interfaces = platform::interface_addresses,
                         std::chrono::milliseconds interval = answers::usual_interval);

  /// A peer has reached this machine at `address`. Kept for good; at most 256 are.
  void learn(const ip_address& address);
  /// Loopback and unspecified addresses always are of this machine. `address` in any spelling that unmapped() knows.
  bool contains(const ip_address& address) const;

 private:
  mutable std::mutex mutex_;  // protects what follows
  mutable answers present_;
  std::set<ip_address> learnt_;
};

}  // namespace mtcp
