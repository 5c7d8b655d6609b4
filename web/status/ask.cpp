#include "status/ask.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/deadline.hpp"

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

}  // namespace

task<error_code> ask(tcp::endpoint where, std::string path, response& said) {
  const auto here = co_await asio::this_coro::executor;
  tcp::socket socket(here);
  const deadline limit(socket, patience);
  const auto [unreachable] = co_await socket.async_connect(reachable(where), use_result);
  if (unreachable) co_return unreachable;
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
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
