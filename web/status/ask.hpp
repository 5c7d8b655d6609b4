// Asks the status endpoint of a running program.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "mtcp/async.hpp"

namespace mtcp::status {

using response = boost::beast::http::response<boost::beast::http::string_body>;

/// GET `path` on a connection of its own, with 5 s for all of it. An unspecified address stands for loopback.
task<error_code> ask(tcp::endpoint where, std::string path, response& said);

}  // namespace mtcp::status
