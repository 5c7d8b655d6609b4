// What the status endpoint asks of a request before it looks at its path. A browser on this machine sends requests for
// every page that it shows, so an address on loopback alone keeps nobody out.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtcp::status {

namespace http = boost::beast::http;
using request = http::request<http::string_body>;

/// Without what stands behind the question mark.
std::string_view path_of(const request& r);
/// Whether a response may be compressed (RFC 9110, section 12.5.3).
bool takes_gzip(const request& r);

/// The host of a Host field, without port, brackets and final dot, in lower case; empty if it is malformed.
std::string host_of(std::string_view field);

struct guard {
  std::vector<std::string> hosts{};  ///< names of this endpoint, besides localhost and every literal address
  std::string token{};               ///< what a request that changes something must carry as X-Mtcp-Token

  /// Why a request is refused, if it is:
  ///   misdirected_request  another name leads here: DNS rebinding (RFC 9110, section 15.5.20)
  ///   forbidden            sent for a page of somebody else, or without the token where one is needed
  std::optional<http::status> refusal(const request& r) const;
};

/// Compares in time that depends on the lengths only.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace mtcp::status
