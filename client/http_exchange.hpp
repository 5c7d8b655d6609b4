// One plain HTTP request and its response through a stream of their own.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "dialogue.hpp"
#include "http_head.hpp"
#include "kept_origin.hpp"
#include "local_port.hpp"
#include "mtcp/proxy/authority.hpp"
#include "mtcp/stream.hpp"
#include "opening.hpp"

namespace mtcp::client {

using http_request_parser = http::request_parser<http::buffer_body>;

/// How an exchange ended.
struct exchanged {
  bool more = false;  ///< the application may send another request on this connection
  stream switched{};  ///< if it is open: both sides now speak another protocol, and are to be relayed
  std::unique_ptr<program::book_entry> entry{};  ///< of that one; null if there is no book
};

/// `request` has read its head; its body may be on its way. Every request gets a stream of its own, so that any may go
/// to another host, and none meets a connection that its destination is about to close; except where `origin` has one
/// on which the application has logged in.
task<exchanged> exchange(const local_port& port, dialogue& with, http_request_parser& request, proxy::absolute_uri to,
                         kept_origin& origin);

/// What an application is told when there is no stream.
std::string http_answer(const opening& of);

}  // namespace mtcp::client
