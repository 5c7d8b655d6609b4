// One plain HTTP request and its response through a stream of their own.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "dialogue.hpp"
#include "http_head.hpp"
#include "local_port.hpp"
#include "mtcp/proxy/authority.hpp"

namespace mtcp::client {

using http_request_parser = http::request_parser<http::buffer_body>;

/// `request` has read its head; its body may be on its way. True if the application may send another request on this
/// connection. Every request gets a stream of its own, so that any may go to another host, and none meets a connection
/// that its destination is about to close.
task<bool> exchange(const local_port& port, dialogue& with, http_request_parser& request, proxy::absolute_uri to);

/// What an application is told when there is no stream.
std::string http_answer(const error_code& error, const core::target& bound);

}  // namespace mtcp::client
