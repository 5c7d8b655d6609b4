// Names to addresses, by the system's hosts file and name servers, without blocking and without one lookup waiting for
// another. A name that ends with a dot is absolute (RFC 1034, section 3.1): no search list applies to it.
//
// Both families are asked for at once. As soon as one has answered the other gets 50 ms more (RFC 8305, section 3), so
// that a name server that drops AAAA questions delays nobody. Answers are kept for their time to live, at most 5
// minutes; failures are not kept. Lookups of one name at one time share their questions, for as long as an answer may
// still come to the first try: later the network may be another one, and it is asked anew, from other sockets if
// nothing was heard at all.
//
// A change of resolv.conf is noticed when a lookup begins, within a second: from then on the new name servers are
// asked, and nothing that the old ones said counts. Lookups that are under way end with those that they began with.
//
// Threads: one, that of the io_context, which must outlive the resolver. Lookups must have ended when it is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/net/dial/hosts_file.hpp"
#include "mtcp/net/dial/resolver_channel.hpp"
#include "mtcp/net/platform/watched_file.hpp"

namespace mtcp {

class resolver {
 public:
  using clock = std::chrono::steady_clock;
  class lookup;

  /// Throws std::runtime_error if the system's configuration cannot be used.
  explicit resolver(const executor& where, resolver_options options = {});
  ~resolver();

  /// Addresses of `name`, IPv6 first, each family in the order in which to try it; a literal is its own answer, and
  /// localhost is both loopback addresses. Errors:
  /// host_not_found, host_not_found_try_again (no usable answer from the name servers), timed_out at `deadline`.
  task<result<std::vector<ip_address>>> resolve(std::string name, clock::time_point deadline);
  /// What is known of `name` is asked for anew the next time.
  void forget(const std::string& name);
  /// All lookups that are under way end, with operation_aborted unless they have found something.
  void cancel();

 private:
  struct entry;
  std::shared_ptr<entry> find_or_ask(const std::string& name);
  void ask(const std::string& name, const std::shared_ptr<entry>& e);
  void make_room();
  void renew_channel(clock::time_point now);

  executor executor_;
  resolver_options options_;
  std::optional<detail::watched_file> resolv_conf_;  // none if the name servers are given
  detail::hosts_file hosts_;
  std::unordered_map<std::string, std::shared_ptr<entry>> entries_;
  std::vector<std::unique_ptr<detail::resolver_channel>> former_;  // lookups are, or were, under way there
  std::unique_ptr<detail::resolver_channel> channel_;              // last: its end calls back
};

/// One caller's part in the lookup of a name. It goes on without the caller, and its answer is kept for the next one.
class resolver::lookup {
 public:
  /// `wake` is cancelled whenever there is news; whoever waits on it looks at ended() then.
  lookup(resolver& names, const std::string& name, timer& wake);
  ~lookup();
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  /// Waiting longer gives nothing better.
  bool ended() const;
  /// When to look at ended() even without news.
  clock::time_point next() const;
  /// As of resolve(); timed_out while there is nothing.
  result<std::vector<ip_address>> outcome() const;

 private:
  std::shared_ptr<entry> entry_;
  timer& wake_;
};

}  // namespace mtcp
