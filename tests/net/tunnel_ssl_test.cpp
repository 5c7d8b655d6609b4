// asio::ssl::stream over mtcp::stream: whoever talks TLS to the destination does so through the tunnel, end to end.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/impl/src.hpp>  // Asio is compiled separately here, its TLS part by nobody else
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

class Ssl : public tunnel_lab {};

// Anonymous Diffie-Hellman: no certificate to make.
void make_anonymous(asio::ssl::context& context) {
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
  ASSERT_EQ(SSL_CTX_set_cipher_list(context.native_handle(), "AECDH-AES128-SHA:@SECLEVEL=0"), 1);
}

task<> echo_once(asio::ssl::stream<stream&>& peer, std::size_t size) {
  auto [failed] = co_await peer.async_handshake(asio::ssl::stream_base::server, use_result);
  EXPECT_EQ(failed, error_code());
  std::string text(size, ' ');
  auto [unread, got] = co_await asio::async_read(peer, asio::buffer(text), use_result);
  EXPECT_EQ(unread, error_code());
  auto [unsent, sent] = co_await asio::async_write(peer, asio::buffer(text, got), use_result);
  EXPECT_EQ(unsent, error_code()) << sent;
}

task<std::string> converse(asio::ssl::stream<stream&>& peer, std::string text) {
  auto [failed] = co_await peer.async_handshake(asio::ssl::stream_base::client, use_result);
  EXPECT_EQ(failed, error_code());
  auto [unsent, sent] = co_await asio::async_write(peer, asio::buffer(text), use_result);
  EXPECT_EQ(unsent, error_code()) << sent;
  std::string answer(text.size(), ' ');
  auto [unread, got] = co_await asio::async_read(peer, asio::buffer(answer), use_result);
  EXPECT_EQ(unread, error_code());
  answer.resize(got);
  co_return answer;
}

TEST_F(Ssl, RunsOverAStream) {
  start_server();
  start_tunnel(2);
  stream near = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  asio::ssl::context context(asio::ssl::context::tlsv12);
  make_anonymous(context);
  asio::ssl::stream<stream&> client(near, context), server(held_[0], context);
  const std::string text(300'000, 't');
  spawn(io_.get_executor(), echo_once(server, text.size()));
  EXPECT_EQ(run_for(converse(client, text)), text);
}

}  // namespace
}  // namespace mtcp::test
