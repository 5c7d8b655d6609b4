// What can go wrong in a tunnel, beyond what the operating system reports.
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace mtcp {

using boost::system::error_code;

enum class errc {
  tls_failed = 1,      ///< the peer broke TLS, or its records do not authenticate
  tls_rejected,        ///< in the TLS handshake: the server has another key, or is no mtcp server
  not_authenticated,   ///< TLS completed without our key
  truncated,           ///< TCP ended without a TLS close_notify
  malformed_hello,     ///< no HELLO or WELCOME came first, or it has a field out of its range
  wrong_mac,           ///< the HELLO or WELCOME was not made on this channel by the owner of the key
  unknown_session,     ///< the server does not know the session that was to be joined
  foreign_instance,    ///< the server is not the one that has the session
  limit_reached,       ///< the server has too many sessions or bridges of this key
  version_mismatch,    ///< the server speaks another version of the protocol
  refused,             ///< the server refused this bridge
  too_many_streams,    ///< the tunnel carries as many streams as the peer allows
  protocol_violation,  ///< the peer broke the protocol
  bridge_silent,       ///< the bridge was given up: no progress, or the peer has lost it
  session_expired,     ///< no bridge came back in time
  going_away,          ///< the peer ends the tunnel
  not_needed,          ///< the path has more bridges than it should: a replacement has taken over
  name_not_found,      ///< the lookup of the server's name: there is no such name
  lookup_failed,       ///< the lookup of the server's name: no usable answer, or none in time
  bridge_spent,        ///< the bridge has carried what the network lets a connection carry
  bridge_frozen,       ///< the network lets nothing more through on it
  tunnel_down,         ///< no bridge has been up for so long that nothing waits for one any more
  path_gone,           ///< the path has ended with its interface, or with the route through it
  quota_used_up,       ///< the key has carried all that the server lets it carry, for now
  too_many_bridges,    ///< the server takes no more bridges of this session, or of this key
};

const boost::system::error_category& mtcp_category() noexcept;
error_code make_error_code(errc value) noexcept;

}  // namespace mtcp

namespace boost::system {
template <>
struct is_error_code_enum<mtcp::errc> : std::true_type {};
}  // namespace boost::system
