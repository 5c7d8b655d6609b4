// c-ares inside an io_context: its sockets and timeouts become Asio's. One lookup never waits for another.
//
// A part of resolver.hpp, not for use by itself.
#pragma once

#include <ares.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/net/address.hpp"
#include "mtcp/net/lifeline.hpp"

namespace mtcp::detail {

/// What one query gave. Without an error there is at least one address.
struct lookup_answer {
  error_code error;
  std::vector<ip_address> addresses;  ///< in the order in which to try them (RFC 6724)
  std::chrono::seconds ttl{0};        ///< how long they may be kept
};

class resolver_channel {
 public:
  enum class family { ipv4, ipv6 };

  /// Reads the system's configuration (resolv.conf, nsswitch.conf). Throws std::runtime_error if c-ares cannot start.
  /// `servers` ("ADDRESS:PORT,..."), if not empty, are asked instead of the system's.
  resolver_channel(const executor& where, const std::string& servers);
  /// Lookups that are under way end with operation_aborted.
  ~resolver_channel();
  resolver_channel(const resolver_channel&) = delete;
  resolver_channel& operator=(const resolver_channel&) = delete;

  using callback = std::function<void(lookup_answer)>;
  /// Looks in the hosts file and asks the name servers. May call `done` before it returns.
  void lookup(const std::string& name, family which, callback done);
  /// Lookups that are under way end with operation_aborted.
  void cancel();

 private:
  struct watch;
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  void set_interest(ares_socket_t fd, bool readable, bool writable);
  void arm(const std::shared_ptr<watch>& w);
  void wait(const std::shared_ptr<watch>& w, bool read);
  void on_ready(const std::weak_ptr<watch>& seen, bool read);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm_timer();

  executor executor_;
  timer timer_;
  std::unordered_map<ares_socket_t, std::shared_ptr<watch>> watches_;
  lifeline life_;
  struct closer {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };
  std::unique_ptr<std::remove_pointer_t<ares_channel>, closer> channel_;  // last: its end calls back
};

}  // namespace mtcp::detail
