#include "status/ask.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <tuple>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/deadline.hpp"
#include "mtcp/net/platform/local_socket.hpp"

namespace mtcp::status {
namespace {

namespace http = boost::beast::http;

constexpr std::chrono::seconds patience{5};
constexpr std::size_t max_answer = 64U << 20;  // a hundred thousand streams

// A listener on [::] takes IPv4 as well, and containers often have no ::1.
tcp::endpoint reachable(tcp::endpoint where) {
  if (where.address().is_unspecified()) where.address(asio::ip::address_v4::loopback());
  return where;
}

task<error_code> connect(tcp::socket& socket, std::vector<tcp::endpoint> where) {
  error_code error = asio::error::not_found;
  for (const tcp::endpoint& one : where) {
    error_code ignored;
    socket.close(ignored);
    std::tie(error) = co_await socket.async_connect(reachable(one), use_result);
    if (!error || error == asio::error::operation_aborted) break;  // by the deadline
  }
  co_return error;
}

/// Takes no time. Nothing of the socket is used that is TCP's alone.
error_code connect_locally(tcp::socket& socket, const std::string& path) {
  const auto connected = platform::connect_to(path);
  if (!connected) return connected.error();
  error_code error;
  socket.assign(tcp::protocol::v4(), *connected, error);
  return error;
}

}  // namespace

task<error_code> ask(endpoint_to_ask there, std::string path, response& said, std::string method) {
  const auto here = co_await asio::this_coro::executor;
  tcp::socket socket(here);
  const deadline limit(socket, patience);
  error_code unreachable;
  if (there.control.empty())
    unreachable = co_await connect(socket, std::move(there.where));
  else
    unreachable = connect_locally(socket, there.control);
  if (unreachable) co_return unreachable;
  const std::string request =
      method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const auto text = asio::buffer(request);
  const auto [failed, sent] = co_await asio::async_write(socket, text, use_result);
  if (failed) co_return failed;
  boost::beast::flat_buffer buffer(16'384);
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_answer);
  const auto [broken, size] = co_await http::async_read(socket, buffer, parser, use_result);
  if (!broken) said = parser.release();
  co_return broken;
}

}  // namespace mtcp::status
