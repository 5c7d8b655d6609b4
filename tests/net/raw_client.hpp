// Bridges made by hand: a client's, which may be ill-mannered, at a real server.
#pragma once

#include <boost/asio/read.hpp>
#include <string>

#include "mtcp/net/tls/handshake.hpp"
#include "net/tunnel_lab.hpp"

namespace mtcp::test {

inline core::hello create() {
  core::hello hello;
  hello.bridge = 1;
  return hello;
}

inline core::hello join(const core::welcome& to, core::bridge_id id) {
  core::hello hello;
  hello.session = to.session;
  hello.secret = to.secret;
  hello.instance = to.instance;
  hello.bridge = id;
  return hello;
}

/// A client's bridge: TLS, a HELLO, and what comes back.
struct raw_client {
  explicit raw_client(tcp::socket socket) : channel(std::move(socket)) {}
  secure_channel channel;
  tls_context tls = tls_context::client();

  task<result<core::welcome>> greet(const key& own, core::hello hello) {
    error_code error = co_await channel.connect(tls, own);
    if (error) co_return error;
    error = co_await send_hello(channel, hello);
    if (error) co_return error;
    auto got = co_await receive_welcome(channel);
    if (!got) co_return got.error();
    co_return got->message;
  }
};

/// Everything that a server sends until it closes.
inline task<std::string> all_of(tcp::socket& from) {
  std::string text;
  auto [error, size] = co_await asio::async_read(from, asio::dynamic_buffer(text), use_result);
  EXPECT_TRUE(error) << "it must close after " << size;
  co_return text;
}

/// A server, and connections to it that are nobody's yet.
class raw_client_lab : public tunnel_lab {
 protected:
  tcp::socket dial() {
    tcp::socket socket(io_.get_executor());
    socket.connect(server_endpoint());
    socket.set_option(tcp::protocol::no_delay(true));
    return socket;
  }
};

}  // namespace mtcp::test
