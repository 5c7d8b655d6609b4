// Who has failed to log in: for each address how often, a pause that grows with that, whether it is listened to at all,
// and a line for the log now and then. Bounded, and pure: the time is a parameter.
//
// Wrong passwords of an address wait one behind the other, and no more of them are looked at while the last one waits
// long: a guess every 4 s, however many connections guess. Others may sit behind the same address: one from which a
// right password came lately is not locked out so soon, but may be wrong 8 times a second, and 64 times at once.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mtcp/core/base/token_bucket.hpp"

namespace mtcp::program {

class failed_logins {
 public:
  using address = boost::asio::ip::address;
  using clock = std::chrono::steady_clock;

  static constexpr std::size_t max_hosts = 1024;  ///< IPv4 addresses and IPv6 /64; the one unheard of longest goes
  static constexpr std::chrono::milliseconds first_pause{250};
  static constexpr std::chrono::milliseconds longest_pause{5'000};  ///< behind the failure before
  static constexpr std::chrono::milliseconds longest_wait{8'000};   ///< behind all of a host that came at once
  static constexpr std::chrono::milliseconds patience{4'000};       ///< while one waits longer, no further one is heard
  static constexpr std::chrono::minutes memory{10};                 ///< after so long without a failure all is forgiven

  struct verdict {
    std::chrono::milliseconds pause;  ///< the answer is to wait for so long
    std::optional<std::string> line;  ///< for the log; once a second for a host, and 20 in all
  };
  struct row {
    address from;  ///< of the last one
    std::uint64_t count;
  };

  /// What lines say; for other failures that are to be told of in the same way.
  explicit failed_logins(std::string what = "failed login") : what_(std::move(what)) {}

  /// One more. `why` in a few words, without a comma; `who` is what it said that it is, and may be empty.
  verdict add(const address& from, std::string_view why, std::string_view who, clock::time_point now);
  /// The password was right.
  void succeed(const address& from, clock::time_point now);
  /// Whether a login from there is not to be looked at, right or wrong.
  bool refuses(const address& from, clock::time_point now);
  /// Counts one that was not looked at; a line as in a verdict.
  std::optional<std::string> refuse(const address& from, clock::time_point now);

  std::uint64_t total() const noexcept { return total_; }
  /// The hosts with the most failures, `most` at the most.
  std::vector<row> worst(std::size_t most) const;

 private:
  struct entry {
    std::uint64_t host;
    address from{};
    std::uint64_t count = 0;
    std::uint64_t untold = 0;
    unsigned streak = 0;
    clock::time_point last{}, told{}, answer_at{};
    clock::time_point trusted_until{};
    core::token_bucket guesses{8, 64};  // while it is trusted
  };

  entry& touch(const address& from);
  entry& count(const address& from, clock::time_point now);
  std::optional<std::string> tell(entry& of, std::string_view why, std::string_view who, clock::time_point now);

  std::string what_;
  std::list<entry> recent_;  // most recently heard of first
  std::unordered_map<std::uint64_t, std::list<entry>::iterator> by_host_;
  core::token_bucket lines_{20, 20};
  std::uint64_t total_ = 0;
};

}  // namespace mtcp::program
