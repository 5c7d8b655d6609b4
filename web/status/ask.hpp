// Asks the status endpoint of a running program.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <vector>

#include "mtcp/async.hpp"

namespace mtcp::status {

using response = boost::beast::http::response<boost::beast::http::string_body>;

/// Where a program can be asked.
struct endpoint_to_ask {
  std::vector<tcp::endpoint> where{};  ///< an unspecified address stands for loopback
  std::string control{};               ///< a Unix socket, which comes first; empty: none
};

/// A request on a connection of its own, with 5 s for all of it, to the control socket or else the first of `where`
/// that takes one.
task<error_code> ask(endpoint_to_ask there, std::string path, response& said, std::string method = "GET");

}  // namespace mtcp::status
