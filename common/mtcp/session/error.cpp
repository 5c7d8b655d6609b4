#include "mtcp/error.hpp"

#include <string>

namespace mtcp {

namespace {

const char* describe(errc value) noexcept {
  switch (value) {
    case errc::tls_failed:
      return "the TLS connection failed";
    case errc::tls_rejected:
      return "the server closed the connection during the TLS handshake: wrong key, a clock that is hours off, or not "
             "an mtcp server";
    case errc::not_authenticated:
      return "the peer does not have the key";
    case errc::truncated:
      return "the connection ended without a goodbye";
    case errc::malformed_hello:
      return "the peer sent a malformed greeting";
    case errc::wrong_mac:
      return "the peer's greeting does not authenticate";
    case errc::unknown_session:
      return "the server does not know the session";
    case errc::foreign_instance:
      return "another server process answers on this path";
    case errc::limit_reached:
      return "the server has too many sessions or bridges of this key";
    case errc::version_mismatch:
      return "the server speaks another version of the protocol";
    case errc::refused:
      return "the server refused the bridge";
    case errc::too_many_streams:
      return "the tunnel carries as many streams as the peer allows";
    case errc::protocol_violation:
      return "the peer broke the protocol";
    case errc::bridge_silent:
      return "the bridge made no progress, or the peer lost it";
    case errc::session_expired:
      return "no bridge came back in time";
    case errc::going_away:
      return "the peer ends the tunnel";
    case errc::not_needed:
      return "the path has other bridges by now";
    case errc::name_not_found:
      return "the lookup of the server's name failed: there is no such name";
    case errc::lookup_failed:
      return "the lookup of the server's name failed: no usable answer from a name server";
    case errc::bridge_spent:
      return "it has carried what the network lets a connection carry";
    case errc::bridge_frozen:
      return "the network has frozen it";
    case errc::tunnel_down:
      return "the tunnel is down: the server cannot be reached at present";
    case errc::path_gone:
      return "its path is gone";
    case errc::quota_used_up:
      return "the key has carried all that the server lets it carry this month";
    case errc::too_many_bridges:
      return "the server takes no more bridges of this key";
  }
  return "unknown error";
}

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mtcp"; }
  std::string message(int value) const override { return describe(static_cast<errc>(value)); }
};

}  // namespace

const boost::system::error_category& mtcp_category() noexcept {
  static const category instance;
  return instance;
}

error_code make_error_code(errc value) noexcept { return {static_cast<int>(value), mtcp_category()}; }

}  // namespace mtcp
