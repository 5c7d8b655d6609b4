#include "mtcp/proxy/rejection.hpp"

#include "mtcp/proxy/socks5.hpp"

namespace mtcp::proxy {
namespace {

const char* meaning(reply code) {
  switch (code) {
    case reply::succeeded:
      break;
    case reply::general_failure:
      return "it failed";
    case reply::not_allowed:
      return "its rules forbid it";
    case reply::network_unreachable:
      return "network unreachable";
    case reply::host_unreachable:
      return "host unreachable";
    case reply::connection_refused:
      return "connection refused";
    case reply::ttl_expired:
      return "no answer in time";
    case reply::command_not_supported:
      return "it does not know CONNECT";
    case reply::address_type_not_supported:
      return "it does not know this kind of address";
  }
  return "for a reason of its own";
}

std::string reason(unsigned code, proxy_options::protocol spoken) {
  if (spoken == proxy_options::protocol::http) return "HTTP status " + std::to_string(code);
  return std::string(meaning(static_cast<reply>(code))) + " (reply " + std::to_string(code) + ")";
}

}  // namespace

std::string to_string(const rejection& why, proxy_options::protocol spoken) {
  switch (why.what) {
    case rejection::kind::foreign:
      return spoken == proxy_options::protocol::http ? "what answers is no HTTP proxy"
                                                     : "what answers is no SOCKS5 proxy";
    case rejection::kind::closed:
      return "the proxy closed the connection instead of answering";
    case rejection::kind::login_wanted:
      return "the proxy wants a user and a password";
    case rejection::kind::login_refused:
      return "the proxy refused the login";
    case rejection::kind::server_refused:
      return "the proxy refused the server: " + reason(why.code, spoken);
  }
  return {};
}

}  // namespace mtcp::proxy
