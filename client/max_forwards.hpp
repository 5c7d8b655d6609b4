// Max-Forwards (RFC 9110, section 7.6.2): how far OPTIONS and TRACE may go. Pure.
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>
#include <string>

#include "http_head.hpp"

namespace mtcp::client {

/// Counts this hop. A whole response if the request goes no further: that of its last recipient, or 400 if the field is
/// malformed. Other methods do not heed the field.
std::optional<std::string> answer_to_last_hop(http::request_header<>& head);

}  // namespace mtcp::client
