// c-ares inside an io_context: its sockets and timeouts become Asio's. One lookup never waits for another.
//
// A part of resolver.hpp, not for use by itself.
#pragma once

#include <ares.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/dial/link_servers.hpp"
#include "mtcp/net/dial/lookup_answer.hpp"

namespace mtcp {

/// Which name servers a resolver asks, and from which interface or address.
struct resolver_options {
  std::string servers{};                         ///< "ADDRESS:PORT,..."; if empty those of resolv_conf
  std::string resolv_conf = "/etc/resolv.conf";  ///< must not be empty
  std::uint16_t port = 53;                       ///< of the name servers in resolv_conf
  /// Questions leave through this interface (SO_BINDTODEVICE) and from this local address; empty leaves it to the
  /// kernel. Ignored if a name server is on this machine: it can be reached by loopback only, and chooses the further
  /// path itself.
  std::string interface {};
  std::string bind{};
  std::uint32_t mark = 0;  ///< SO_MARK of questions (Linux); 0 for none
  /// The hosts file and the search list of resolv.conf count. Without them a name is what the DNS says of exactly this
  /// name: so it is for names that others have chosen.
  bool local_names = true;
  std::string hosts = "/etc/hosts";
};

}  // namespace mtcp

namespace mtcp::detail {

class resolver_channel {
 public:
  using clock = std::chrono::steady_clock;
  enum class family { ipv4, ipv6 };
  /// How long a name server has for its answer; it doubles with every round over the name servers.
  static constexpr std::chrono::milliseconds first_timeout{2'000};

  /// Reads resolv.conf. Throws std::runtime_error if c-ares cannot start.
  resolver_channel(const executor& where, const resolver_options& options);
  /// Lookups that are under way end with operation_aborted.
  ~resolver_channel();
  resolver_channel(const resolver_channel&) = delete;
  resolver_channel& operator=(const resolver_channel&) = delete;

  using callback = std::function<void(lookup_answer)>;
  /// Asks the name servers, about `name` with each domain of the search list too, unless it ends with a dot. May call
  /// `done` before it returns.
  void lookup(const std::string& name, family which, callback done);
  /// Lookups that are under way end with operation_aborted.
  void cancel();
  /// No lookup is under way.
  bool idle() const noexcept { return under_way_ == 0; }
  /// Lookups are under way, and none has ended for as long as a name server has for an answer. Its sockets, which live
  /// as long as any lookup, may be those of a network that the machine has left.
  bool silent(clock::time_point now) const noexcept { return under_way_ != 0 && now - heard_ >= first_timeout; }

 private:
  struct watch;
  void name_servers(const resolver_options& options);
  void choose_way(const resolver_options& options);
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  void set_interest(ares_socket_t fd, bool readable, bool writable);
  void arm(const std::shared_ptr<watch>& w);
  void wait(const std::shared_ptr<watch>& w, bool read);
  void on_ready(const std::weak_ptr<watch>& seen, bool read);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm_timer();

  executor executor_;
  timer timer_;
  std::uint32_t mark_;  // c-ares has its address
  std::size_t under_way_ = 0;
  clock::time_point heard_{};  // when a lookup ended, or the first one began
  std::unordered_map<ares_socket_t, std::shared_ptr<watch>> watches_;
  lifeline life_;
  std::unique_ptr<link_servers> links_;  // null unless c-ares needs help with them
  struct closer {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };
  std::unique_ptr<std::remove_pointer_t<ares_channel>, closer> channel_;  // last: its end calls back
};

}  // namespace mtcp::detail
