// What a proxy does to the heads of HTTP messages (RFC 9110, sections 7.6 and 11.7). Pure: no I/O.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "mtcp/proxy/authority.hpp"
#include "mtcp/proxy/password.hpp"

namespace mtcp::client {

namespace http = boost::beast::http;

/// Drops fields that concern one connection only: Connection, the fields that it names, and similar ones. The framing
/// of the body stays whatever Connection says, or one end would take the body for the next message.
void drop_hop_by_hop(http::fields& head);

/// Makes the head of a request for the destination itself: origin-form, the right Host, one request per connection.
void prepare_request(http::request_header<>& head, const proxy::absolute_uri& to);

/// The name and password of Proxy-Authorization: Basic (RFC 7617). Empty if there are none.
std::optional<proxy::credentials> basic_credentials(const http::fields& head);

/// A whole response of the proxy's own, after which it closes. `fields` are further lines, each with its CR LF.
std::string own_response(http::status status, std::string_view body, std::string_view fields = {});

}  // namespace mtcp::client
