// Which strangers a server listens to: how many at once, and how often, overall and from one address. Pure.
//
// An address is an IPv4 address or an IPv6 /64, the least that one host is given (RFC 6177). Memory is bounded: the
// addresses longest unheard of are forgotten first.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "mtcp/core/token_bucket.hpp"
#include "mtcp/core/types.hpp"
#include "mtcp/net/options.hpp"

namespace mtcp {

class admission {
 public:
  explicit admission(const admission_options& limits) : limits_(limits) {}

  /// A connection came in. If true it is pending until leave() is called with the same address; if false it should be
  /// closed at once.
  bool enter(const boost::asio::ip::address& from, core::timestamp now);
  void leave(const boost::asio::ip::address& from);

  std::size_t pending() const noexcept { return pending_; }
  std::size_t addresses() const noexcept { return known_.size(); }

 private:
  struct host {
    std::uint64_t prefix;
    std::size_t pending = 0;
    core::token_bucket arrivals;
  };
  using hosts = std::list<host>;

  hosts::iterator touch(std::uint64_t prefix);
  void forget_oldest();

  admission_options limits_;
  std::size_t pending_ = 0;
  hosts recent_;  // most recently heard of first
  std::unordered_map<std::uint64_t, hosts::iterator> known_;
};

}  // namespace mtcp
