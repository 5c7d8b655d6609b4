// How a server meets strangers: connections that have not said a valid HELLO (admission.hpp). Plain values.
#pragma once

#include <chrono>
#include <cstddef>

namespace mtcp {

/// What failing costs an address, in time during which it is not listened to (penalties.hpp).
struct penalty_options {
  std::chrono::milliseconds of_failure{5'000};    ///< for each connection that said something else than a client does
  std::chrono::milliseconds min_penalty{15'000};  ///< less than that locks nobody out
  std::chrono::milliseconds max_penalty{600'000};
  std::size_t max_addresses = 16'384;  ///< that are remembered at once
};

/// An address is an IPv4 address or an IPv6 /64; a known one is one from which somebody with a key came lately.
struct admission_options {
  std::chrono::milliseconds deadline{5'000};      ///< for TLS and HELLO together
  std::chrono::milliseconds min_deadline{1'000};  ///< the same when there is no place left
  std::size_t max_waiting = 4'096;       ///< connections that have sent nothing; at most a quarter of the descriptors
  std::size_t max_pending = 256;         ///< connections that have sent something; at most an eighth of the descriptors
  std::size_t pending_per_address = 16;  ///< of them from one address
  std::size_t pending_per_known_address = 128;  ///< the same from a known one
  double rate_per_address = 16;          ///< connections a second from one address that speak and do not authenticate
  double burst_per_address = 32;         ///< and at once
  double burst_per_known_address = 256;  ///< the same from a known address
  std::size_t max_addresses = 16'384;    ///< addresses remembered at once
  std::size_t max_known = 4'096;         ///< known addresses remembered at once
  penalty_options penalties{};
};

}  // namespace mtcp
