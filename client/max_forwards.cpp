#include "max_forwards.hpp"

#include <boost/beast/http/write.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <sstream>

#include "http_token.hpp"

namespace mtcp::client {
namespace {

/// More than can be counted is as much as can be.
std::optional<std::uint64_t> decimal(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  return wrong == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

/// What TRACE is for: the request as it came, without what is secret (RFC 9110, section 9.3.8).
std::string reflection(http::request_header<> head) {
  for (const auto secret : {http::field::proxy_authorization, http::field::authorization, http::field::cookie})
    head.erase(secret);
  std::ostringstream out;
  out << head;
  return own_response(http::status::ok, out.str(), "Content-Type: message/http\r\n");
}

std::string options() {
  return own_response(http::status::ok, "", "Allow: GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE\r\n");
}

}  // namespace

std::optional<std::string> answer_to_last_hop(http::request_header<>& head) {
  const auto method = head.method();
  const auto count = head.count(http::field::max_forwards);
  if (count == 0 || (method != http::verb::options && method != http::verb::trace)) return std::nullopt;
  const auto value = head[http::field::max_forwards];
  const auto left = decimal({value.data(), value.size()});
  if (count != 1 || !left) return own_response(http::status::bad_request, "mtcp: Max-Forwards wants one number\n");
  if (*left == 0) return method == http::verb::trace ? reflection(head) : options();
  head.set(http::field::max_forwards, std::to_string(*left - 1));
  return std::nullopt;
}

}  // namespace mtcp::client
