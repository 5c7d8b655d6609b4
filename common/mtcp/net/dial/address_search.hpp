// Which addresses a dial tries, and when: those that the name servers give, and those that worked before when there is
// no answer. So a known server is reached even though its name servers are gone, or are behind the tunnel itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/net/dial/known_addresses.hpp"
#include "mtcp/net/dial/path_lookup.hpp"
#include "mtcp/options.hpp"

namespace mtcp {

/// What a path knows of its server's addresses, from dial to dial.
struct address_book {
  /// `ask`: the name servers, if not the system's.
  explicit address_book(const path_options& path, resolver_options ask = {});

  known_addresses known;
  path_names names;
};

/// The search of one dial. Driven as a connection_race is: `wake` is cancelled whenever there is news.
class address_search {
 public:
  using clock = resolver::clock;
  static constexpr std::chrono::seconds patience{1};  ///< with name servers that do not answer, while others are known

  /// `host`: a name, or a literal, which is its own answer.
  address_search(address_book& book, const std::string& host, timer& wake);

  /// Addresses to try from now on, in their order; perhaps none. `idle`: none is being tried just now, so those that
  /// are known may be tried again.
  std::vector<ip_address> take(clock::time_point now, bool idle);
  /// No more addresses will come.
  bool over() const { return !lookup_; }
  /// When to call take() even without news.
  clock::time_point next() const;
  /// Why there is no address: name_not_found, or lookup_failed, also while the lookup still goes on; no_such_device for
  /// a literal whose interface is not there. None if there are some.
  error_code error() const;

 private:
  std::vector<ip_address> take_known(clock::time_point now, bool idle);

  address_book& book_;
  std::optional<ip_address> literal_;
  std::optional<path_lookup> lookup_;  // until it has ended
  error_code error_;                   // of the one that has
  clock::time_point known_at_;         // when to try those that are known, once more too
  bool known_taken_ = false;
};

}  // namespace mtcp
