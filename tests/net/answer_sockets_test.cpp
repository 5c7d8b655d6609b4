#include "mtcp/net/relay/answer_sockets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/socket_base.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "support/private_network.hpp"
#include "support/udp_socket.hpp"

namespace mtcp {
namespace {

using lab::private_network;
using lab::udp_socket;

udp::endpoint at(const std::string& address, std::uint16_t port) { return {asio::ip::make_address(address), port}; }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class AnswerSockets : public testing::Test {
 protected:
  void SetUp() override {
    if (!private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside = std::make_unique<private_network>(std::vector<std::string>{"192.0.2.1/32", "2001:db8::1/128"});
  }

  asio::io_context io{1};
  std::unique_ptr<private_network> inside;
};

TEST_F(AnswerSockets, SpeakInTheNameOfOthers) {
  answer_sockets answers(io.get_executor());
  for (const auto& [asks, asked] : {std::pair{"192.0.2.1", "203.0.113.9"}, std::pair{"2001:db8::1", "2001:db8:9::9"}}) {
    udp_socket program(asks);
    std::optional<lab::received_datagram> got;
    for (int i = 0; i < 10 && !got; ++i) {  // UDP may lose one, as while a namespace is fresh
      ASSERT_FALSE(answers.send(bytes_of("answer"), at(asked, 53), at(asks, program.port())));
      got = program.receive(std::chrono::seconds(1));
    }
    ASSERT_TRUE(got);
    EXPECT_EQ(got->payload, "answer");
    EXPECT_EQ(got->address, asked);
    EXPECT_EQ(got->port, 53);
  }
}

TEST_F(AnswerSockets, AreAtMostSoMany) {
  answer_sockets answers(io.get_executor(), 0, 3);
  udp_socket program("192.0.2.1");
  for (std::uint16_t port = 1; port <= 20; ++port)
    for (int again = 0; again < 2; ++again) {
      ASSERT_FALSE(answers.send(bytes_of("x"), at("203.0.113.9", port), at("192.0.2.1", program.port())));
      EXPECT_EQ(program.receive().value().port, port);
      EXPECT_EQ(answers.size(), std::min<std::size_t>(port, 3));
    }
}

TEST_F(AnswerSockets, StandBesideAnybodyWhoHasThePortHere) {
  answer_sockets answers(io.get_executor());
  udp::socket everywhere(io, udp::protocol::v4());
  everywhere.set_option(asio::socket_base::reuse_address(true));
  everywhere.bind({asio::ip::address_v4::any(), 53});
  udp_socket program("192.0.2.1");
  EXPECT_FALSE(answers.send(bytes_of("x"), at("203.0.113.9", 53), at("192.0.2.1", program.port())));
  EXPECT_TRUE(program.receive());
}

TEST_F(AnswerSockets, NeverSpeakAsThisMachineNorAsNobody) {
  answer_sockets answers(io.get_executor());
  const udp::endpoint program = at("192.0.2.1", 4711);
  EXPECT_EQ(answers.send(bytes_of("x"), at("192.0.2.1", 53), program), asio::error::address_in_use);
  EXPECT_EQ(answers.send(bytes_of("x"), at("127.0.0.1", 53), program), asio::error::address_in_use);
  EXPECT_EQ(answers.send(bytes_of("x"), at("203.0.113.9", 0), program), asio::error::invalid_argument);
  EXPECT_EQ(answers.send(bytes_of("x"), at("224.0.0.1", 53), program), asio::error::invalid_argument);
  EXPECT_EQ(answers.send(bytes_of("x"), at("2001:db8:9::9", 53), program), asio::error::address_family_not_supported);
  EXPECT_EQ(answers.size(), 0U);
}

}  // namespace
}  // namespace mtcp
