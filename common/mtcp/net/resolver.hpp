// Names to addresses: the system's hosts file and name servers, without blocking and without waiting in line.
//
// Both families are asked for at once. As soon as one has answered the other gets 50 ms more (RFC 8305, section 3), so
// that a name server that drops AAAA questions delays nobody. Answers are kept for their time to live, at most 5
// minutes; failures are not kept. Lookups of one name at one time share their questions.
//
// Threads: one, that of the io_context, which must outlive the resolver. Lookups must have ended when it is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/net/address.hpp"
#include "mtcp/net/resolver_channel.hpp"

namespace mtcp {

class resolver {
 public:
  using clock = std::chrono::steady_clock;

  /// Throws std::runtime_error if the system's configuration cannot be used.
  /// `servers` ("ADDRESS:PORT,..."), if not empty, are asked instead of the system's.
  explicit resolver(const executor& where, const std::string& servers = {});
  ~resolver();

  /// Addresses of `name`, IPv6 first, each family in the order in which to try it; a literal is its own answer, and
  /// localhost is both loopback addresses. Errors:
  /// host_not_found, host_not_found_try_again (no usable answer from the name servers), timed_out at `deadline`.
  task<result<std::vector<ip_address>>> resolve(std::string name, clock::time_point deadline);
  /// All lookups that are under way end, with operation_aborted unless they have found something.
  void cancel() { channel_.cancel(); }

 private:
  struct entry;
  struct waiter;
  std::shared_ptr<entry> find_or_ask(const std::string& name);
  void ask(const std::string& name, const std::shared_ptr<entry>& e);
  void make_room();

  executor executor_;
  std::unordered_map<std::string, std::shared_ptr<entry>> entries_;
  detail::resolver_channel channel_;  // last: its end calls back
};

}  // namespace mtcp
