// What whoever is no client gets to see: a web server that really is one. Its connections are carried there and back
// untouched, from their first byte on, so that the port looks and answers as that site.
//
// Each costs two descriptors and up to 128 KiB, for as long as either end wants; so there are only so many at once.
// When there is no place left the oldest of those goes that the groups of addresses say (crowd.hpp). Threads: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/net/admission/crowd.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp::server {

class fallback_site : public std::enable_shared_from_this<fallback_site> {
 public:
  /// At most `most` connections at once.
  fallback_site(const executor& where, core::target site, std::size_t most);

  /// As many as a process with so much memory and so many descriptors should carry: a 32nd of either.
  static std::size_t places_within(std::uint64_t memory, std::size_t descriptors);

  /// Among which the site must not be: it would be asked of this program again. Before the first take().
  void avoid(rules listeners) { listeners_ = std::move(listeners); }
  /// Carries a connection there; `said` was read from it. Throws nothing.
  void take(tcp::socket from, std::vector<std::byte> said, const ip_address& source) noexcept;
  /// Resets all, and takes no more.
  void stop();
  /// Returns when the last one is over.
  task<> wait() { return connections_.wait(); }

  fallback_snapshot snapshot() const;

 private:
  struct guest;
  class visit;

  task<> carry(tcp::socket from, std::vector<std::byte> said, origin source);
  task<std::optional<tcp::socket>> reach();
  void make_room();
  guest* leave(crowd::id who);
  void complain(const std::string& why);

  core::target site_;
  std::size_t most_;
  rules listeners_;
  resolver resolver_;
  dialer dialer_;
  crowd crowd_;
  std::map<crowd::id, guest*> guests_;  // those that are being carried
  crowd::id last_ = 0;
  fallback_snapshot totals_;  // its counters only
  std::optional<std::chrono::steady_clock::time_point> complained_;
  bool stopped_ = false;
  task_group connections_;
};

}  // namespace mtcp::server
