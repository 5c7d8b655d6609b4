// How often each of many hosts does something: a token bucket each, of a bounded number of hosts. The host that was
// longest unheard of is forgotten first. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "mtcp/core/base/token_bucket.hpp"

namespace mtcp {

class rate_table {
 public:
  /// Remembers at most `most` hosts, at least one. Buckets start full.
  rate_table(double rate, double burst, std::size_t most) : fresh_(rate, burst), most_(most) {}

  /// The bucket of a host that was heard of just now. Valid until the next touch().
  core::token_bucket& touch(std::uint64_t host);
  /// Null if the host is not remembered.
  core::token_bucket* find(std::uint64_t host);
  bool contains(std::uint64_t host) const { return index_.contains(host); }
  std::size_t size() const noexcept { return index_.size(); }

 private:
  struct entry {
    std::uint64_t host;
    core::token_bucket bucket;
  };

  core::token_bucket fresh_;
  std::size_t most_;
  std::list<entry> recent_;  // most recently heard of first
  std::unordered_map<std::uint64_t, std::list<entry>::iterator> index_;
};

}  // namespace mtcp
