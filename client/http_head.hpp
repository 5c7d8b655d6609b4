// What a proxy does to the heads of HTTP messages (RFC 9110, sections 7.6 and 11.7). Pure: no I/O.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdint>
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

/// What the destination is told about the connection of a request.
enum class connection_use : std::uint8_t {
  once,    ///< it closes behind its response
  kept,    ///< it may get another request
  upgrade  ///< it may switch to the protocol that Upgrade names
};

/// The request asks for another protocol on its connection (RFC 9110, section 7.8).
bool asks_for_upgrade(const http::request_header<>& head);
/// It logs in by NTLM or Negotiate, which let in a connection, not a request (RFC 4559, section 6).
bool logs_in(const http::request_header<>& head);

/// The body ends where every reader of the head says that it does (RFC 9112, section 6.3): Transfer-Encoding, if there
/// is one, is a list of plain codings that ends with chunked. Otherwise a part of the body may be read as a request.
bool is_framed_clearly(const http::request_header<>& head);

/// Makes the head of a request for the destination itself: origin-form, the right Host, the proxy's own version.
void prepare_request(http::request_header<>& head, const proxy::absolute_uri& to,
                     connection_use use = connection_use::once);

/// The same for a response: the proxy's own version. `persists`: the application may send another request; one that
/// speaks 1.0 is told of the end.
void prepare_response(http::response_header<>& head, bool persists);
/// And for the response with which the destination switches to another protocol.
void prepare_switch(http::response_header<>& head);

/// The name and password of Proxy-Authorization: Basic (RFC 7617). Empty if there are none.
std::optional<proxy::credentials> basic_credentials(const http::fields& head);

/// A whole response of the proxy's own, after which it closes. `fields` are further lines, each with its CR LF.
std::string own_response(http::status status, std::string_view body, std::string_view fields = {});

}  // namespace mtcp::client
