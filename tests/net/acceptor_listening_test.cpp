// Where a server listens, and what becomes of that without file descriptors.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;
using AcceptorListening = raw_client_lab;

TEST_F(AcceptorListening, ATakenPortIsAnErrorThatNamesIt) {
  start_server();
  acceptor_options options = server_options_;
  options.listen = {server_endpoint()};
  try {
    acceptor second(io_, options);
    FAIL() << "two servers on one port";
  } catch (const boost::system::system_error& e) {
    EXPECT_EQ(e.code(), asio::error::address_in_use);
    EXPECT_NE(std::string(e.what()).find(std::to_string(server_endpoint().port())), std::string::npos);
  }
}

// Takes away all descriptors but those that are open.
class descriptor_shortage {
 public:
  descriptor_shortage() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~descriptor_shortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(AcceptorListening, SurvivesAShortageOfDescriptors) {
  start_server();
  // The sanitizer needs a descriptor whenever it meets a class for the first time, so it must meet these earlier.
  raw_client early(dial());
  EXPECT_EQ(run_for(early.greet(key_, create())).error(), error_code());
  tcp::socket unlucky(io_.get_executor(), tcp::protocol::v4());
  {
    const descriptor_shortage shortage;
    unlucky.connect(server_endpoint());
    EXPECT_EQ(run_for(all_of(unlucky)), "") << "one that cannot be served is closed, not left waiting";
    std::size_t turns = 0;
    const auto end = std::chrono::steady_clock::now() + milliseconds(300);
    io_.restart();
    while (std::chrono::steady_clock::now() < end) turns += io_.run_one_until(end);
    EXPECT_LT(turns, 100u) << "it must not spin";
  }
  raw_client late(dial());
  EXPECT_EQ(run_for(late.greet(key_, create())).error(), error_code());
}

TEST_F(AcceptorListening, ListensOnBothFamilies) {
  server_options_.listen = {tcp::endpoint(asio::ip::address_v6::any(), 0)};
  start_server();
  const std::uint16_t port = server_endpoint().port();
  for (const char* host : {"127.0.0.1", "::1"}) {
    tcp::socket socket(io_.get_executor());
    socket.connect(tcp::endpoint(asio::ip::make_address(host), port));
    raw_client v(std::move(socket));
    EXPECT_TRUE(run_for(v.greet(key_, create()))) << host;
  }
}

TEST_F(AcceptorListening, NeedsAKeyAndAnAddress) {
  acceptor_options options;
  options.listen = server_options_.listen;
  EXPECT_THROW(acceptor(io_, options), std::invalid_argument);
  options = server_options_;
  options.listen.clear();
  EXPECT_THROW(acceptor(io_, options), std::invalid_argument);
  EXPECT_THROW(tunnel(io_, {.key = key_}), std::invalid_argument);
}

}  // namespace
}  // namespace mtcp::test
