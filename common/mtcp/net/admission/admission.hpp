// Which strangers a server listens to, and which go when there are too many. Pure: the time is a parameter.
//
// A stranger is a connection that has not said a valid HELLO. Three stages, in two tables:
//   silent    it has sent nothing: one of the waiting (thousands, since it costs a socket and nothing else)
//   speaking  it has sent something: one of the handshakes (hundreds, with a TLS state each)
//   answered  the server has answered, which it does only to who has a key, or a recording of who has
// A table that is full makes room for who comes next: that one goes which the groups of addresses say (crowd.hpp),
// first of those who have not been answered. One that was answered goes only if its group stays the larger one: else,
// when all are honest and too many at once, none would ever come to an end. The fuller a table the less time its
// strangers have.
//
// Silence keeps nobody out and costs an address nothing; speaking takes from its rate, which authenticating gives back.
// Addresses that have authenticated lately keep half of each table as long as they use it, and may do more at once.
//
// An address whose connections fail again and again is locked out for a while (penalties.hpp): what it says next closes
// the connection. Others may stand behind the same address, so that one from which somebody with a key came lately, or
// who has bridges now, is never locked out: its rate is what limits it.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "mtcp/admission_options.hpp"
#include "mtcp/net/admission/crowd.hpp"
#include "mtcp/net/admission/penalties.hpp"
#include "mtcp/net/admission/rate_table.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

/// The limits of a process that may have so many file descriptors: a quarter of them for the silent, an eighth for
/// handshakes, so that most are left to those who are no strangers.
admission_options within_descriptors(admission_options limits, std::size_t descriptors);

class admission {
 public:
  using id = crowd::id;
  using address = boost::asio::ip::address;

  struct arrival {
    id who;
    std::optional<id> evicted{};
  };
  struct decision {
    bool admitted;  ///< if false the connection is to be closed, and is forgotten already
    std::optional<id> evicted{};
    bool locked_out = false;  ///< that is why it was not admitted
  };

  explicit admission(const admission_options& limits);

  // Those that are evicted or have expired are forgotten already, and are to be closed. Calls for an id that is not
  // known (any more) do nothing.

  /// A connection came in. It is never refused.
  arrival arrive(const address& from, core::timestamp now);
  /// A trusted proxy has said whose connection it is: from now on it is one from there.
  void source_known(id who, const address& source);
  /// The connection has sent its first bytes. `has_bridges`: its address has some now.
  decision spoke(id who, core::timestamp now, bool has_bridges = false);
  /// The server has answered it.
  void answered(id who);
  /// It has proven that it holds a key. It stays a stranger until left().
  void authenticated(id who);
  /// It is closed, or no stranger any more. Whether it was known.
  bool left(id who);
  /// One from there has failed, which may lock the address out.
  void failed(const address& from, stranger why, core::timestamp now);

  /// When expire() has something to do, if nothing happens before.
  std::optional<core::timestamp> next_deadline() const;
  /// One whose time is over; to be called until there is none.
  std::optional<id> expire(core::timestamp now);

  bool contains(id who) const { return connections_.contains(who); }
  std::size_t pending() const noexcept { return connections_.size(); }
  std::size_t silent() const noexcept;
  /// Addresses whose rate is remembered, and those that have authenticated.
  std::size_t addresses() const noexcept { return rates_.size(); }
  std::size_t known_addresses() const noexcept { return known_.size(); }
  const penalties& locks() const noexcept { return penalties_; }

 private:
  enum class stage : std::uint8_t { silent, speaking, answered };
  enum class payer : std::uint8_t { nobody, new_address, known_address };
  struct connection {
    address source;
    origin from;
    core::timestamp arrived;
    stage now = stage::silent;
    bool is_known = false;
    payer paid = payer::nobody;
  };
  struct room {
    bool found;
    std::optional<id> instead_of{};
  };
  using crowds = std::array<crowd, 3>;  // by stage

  const crowd& of(bool known, stage s) const { return crowds_[known ? 1 : 0][static_cast<std::size_t>(s)]; }
  crowd& crowd_of(const connection& g) { return crowds_[g.is_known ? 1 : 0][static_cast<std::size_t>(g.now)]; }
  std::size_t handshakes(bool known) const;
  void enter(id who, connection& g, stage next);
  std::optional<id> forget(std::optional<id> who);
  bool pay(connection& g, core::timestamp now);
  void repay(connection& g);
  std::optional<id> waiting_to_go() const;
  room room_for(const connection& newcomer) const;
  std::optional<id> handshake_to_go(const connection& newcomer) const;
  core::timestamp deadline_of_oldest(bool known, stage s) const;
  core::duration patience(bool known, stage s) const;
  template <class Visit>
  void each_crowd(Visit visit) const;

  admission_options limits_;
  id last_ = 0;
  std::unordered_map<id, connection> connections_;
  std::array<crowds, 2> crowds_;  // of new and of known addresses
  rate_table rates_;              // of addresses that have not authenticated
  rate_table known_;              // of those that have
  penalties penalties_;
};

}  // namespace mtcp
