// Boost.Beast over a stream, as over any socket: fetches http://HOST:PORT/PATH through an mtcp-server.
//
//   http_client KEY_FILE SERVER SERVER_PORT HOST PORT PATH
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <iostream>

#include "mtcp/tunnel.hpp"

namespace http = boost::beast::http;

std::uint16_t port_of(const char* text) { return static_cast<std::uint16_t>(std::atoi(text)); }

mtcp::task<> fetch(mtcp::tunnel& tunnel, mtcp::core::target to, std::string path) {
  auto [refused, stream] = co_await tunnel.async_open(to, {}, mtcp::use_result);
  if (refused) {
    std::cerr << refused.message() << '\n';
  } else {
    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, to.host);
    co_await http::async_write(stream, request, mtcp::use_result);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    const auto [error, size] = co_await http::async_read(stream, buffer, response, mtcp::use_result);
    std::cerr << response.result_int() << ' ' << error.message() << '\n';
    std::cout << response.body();
  }
  tunnel.stop();
}

int main(int count, char** arguments) {
  if (count != 7) {
    std::cerr << "usage: http_client KEY_FILE SERVER SERVER_PORT HOST PORT PATH\n";
    return 64;
  }
  mtcp::path_options path;
  path.host = arguments[2];
  path.port = port_of(arguments[3]);
  mtcp::asio::io_context io;
  mtcp::tunnel tunnel(io, {.key = *mtcp::load_key_file(arguments[1]).entries().front(), .paths = {path}});
  mtcp::spawn(io.get_executor(), tunnel.run());
  mtcp::spawn(io.get_executor(), fetch(tunnel, {arguments[4], port_of(arguments[5])}, arguments[6]));
  io.run();
}
