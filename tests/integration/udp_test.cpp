// UDP ASSOCIATE (RFC 1928, section 7) through both programs. The test plays the application and its peers.
#include <gtest/gtest.h>

#include <set>

#include "integration/associated.hpp"
#include "integration/deployment.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {
namespace {

std::string header(const std::string& host, std::uint16_t port) {
  return octets({0, 0, 0}) + socks_address(host, port);
}

TEST(Udp, IsGrantedOnTheNumberOfTheTcpPort) {
  bool same = false;
  for (int attempt = 0; attempt < 3 && !same; ++attempt) {  // somebody else may have the number
    deployment halves;
    const associated first(halves), second(halves);
    for (const associated* a : {&first, &second}) EXPECT_EQ(a->reply.substr(0, 8), octets({5, 0, 0, 1, 127, 0, 0, 1}));
    EXPECT_NE(second.relay, first.relay);
    same = first.relay == halves.socks_port();
  }
  EXPECT_TRUE(same);
}

TEST(Udp, ReachesAddressesOfBothFamiliesAndNames) {
  deployment halves;
  const associated a(halves);
  udp_socket application, four, six("::1");
  for (const auto& [to, host, source] : {std::tuple{&four, "127.0.0.1", "127.0.0.1"}, std::tuple{&six, "::1", "::1"},
                                         std::tuple{&six, "localhost", "::1"}}) {
    a.send(application, host, to->port(), "question");
    const auto asked = to->receive();
    ASSERT_TRUE(asked) << host;
    EXPECT_EQ(asked->payload, "question");
    to->send("answer", asked->address, asked->port);
    const auto answered = application.receive();
    ASSERT_TRUE(answered) << host;
    EXPECT_EQ(answered->payload, header(source, to->port()) + "answer");
    EXPECT_EQ(answered->port, a.relay);
  }
}

TEST(Udp, HasOneSourceForAllDestinationsAndHearsEverybody) {
  deployment halves;
  const associated a(halves);
  udp_socket application, one, two("127.0.0.2"), stranger("127.0.0.3");
  std::set<std::uint16_t> sources;
  for (auto& [to, host] : {std::pair{&one, "127.0.0.1"}, std::pair{&two, "127.0.0.2"}}) {
    a.send(application, host, to->port(), "x");
    sources.insert(to->receive().value().port);
  }
  ASSERT_EQ(sources.size(), 1u);
  stranger.send("hello", "127.0.0.1", *sources.begin());
  EXPECT_EQ(application.receive().value().payload, header("127.0.0.3", stranger.port()) + "hello");
}

TEST(Udp, CarriesEverySizeThatFits) {
  deployment halves;
  const associated a(halves);
  udp_socket application, peer;
  for (const std::size_t size : {0u, 1u, 1'200u, 16'384u, 40'000u, 65'497u}) {  // 10 bytes of header, 65,507 in all
    const std::string payload(size, 'u');
    a.send(application, "127.0.0.1", peer.port(), payload);
    const auto asked = peer.receive();
    ASSERT_TRUE(asked) << size;
    EXPECT_EQ(asked->payload, payload);
    peer.send(payload, asked->address, asked->port);
    const auto answered = application.receive();
    ASSERT_TRUE(answered) << size;
    EXPECT_EQ(answered->payload.size(), 10 + size);
  }
  a.send(application, "127.0.0.1", peer.port(), "ask");
  const auto asked = peer.receive().value();
  peer.send(std::string(65'507, 'x'), asked.address, asked.port);  // no room for the header: dropped
  peer.send("still there", asked.address, asked.port);
  EXPECT_EQ(application.receive().value().payload, header("127.0.0.1", peer.port()) + "still there");
}

// What is sent later arrives, so what was sent before it and did not was dropped: a datagram does not wait.
TEST(Udp, DropsFragmentsAndWhatIsMalformed) {
  deployment halves;
  const associated a(halves);
  udp_socket application, peer;
  a.send(application, "127.0.0.1", peer.port(), "first");
  EXPECT_EQ(peer.receive().value().payload, "first");
  for (const int fragment : {1, 0x80, 0xff}) a.send(application, "127.0.0.1", peer.port(), "fragment", fragment);
  for (const auto& junk : {octets({}), octets({0, 0}), octets({0, 0, 0, 2, 1, 2}), octets({0, 0, 0, 3, 9, 'a'}),
                           octets({0, 0, 0, 1, 127, 0, 0, 1, 0, 0}), octets({0, 0, 0, 3, 0, 0, 9})})
    application.send(junk, "127.0.0.1", a.relay);
  a.send(application, "127.0.0.1", peer.port(), "last");
  EXPECT_EQ(peer.receive().value().payload, "last");
}

TEST(Udp, TakesNothingFromOthers) {
  deployment halves;
  const associated a(halves);
  udp_socket elsewhere("127.0.0.2"), application, neighbour, peer;
  a.send(elsewhere, "127.0.0.1", peer.port(), "from another address");
  a.send(application, "127.0.0.1", peer.port(), "mine");
  EXPECT_EQ(peer.receive().value().payload, "mine");
}

// RFC 1928, section 7, has the address checked.
TEST(Udp, ServesSeveralSocketsOfAnApplication) {
  deployment halves;
  const associated a(halves);
  udp_socket first, second, one, two;
  const auto ask = [&a](udp_socket& from, const udp_socket& to, const std::string& text) {
    a.send(from, "127.0.0.1", to.port(), text);
  };
  ask(first, one, "1");
  ask(second, two, "2");
  const auto asked_one = one.receive(), asked_two = two.receive();
  ASSERT_TRUE(asked_one && asked_two);
  one.send("to the first", asked_one->address, asked_one->port);
  two.send("to the second", asked_two->address, asked_two->port);
  EXPECT_EQ(first.receive().value().payload, header("127.0.0.1", one.port()) + "to the first");
  EXPECT_EQ(second.receive().value().payload, header("127.0.0.1", two.port()) + "to the second");
  ask(second, one, "a socket that was opened anew");
  EXPECT_TRUE(one.receive());
  one.send("moved", asked_one->address, asked_one->port);
  EXPECT_EQ(second.receive().value().payload, header("127.0.0.1", one.port()) + "moved");
}

// Where there are passwords, others at that address have given none.
TEST(Udp, ServesOnlyTheFirstSocketWhereThereAreUsers) {
  const temp_dir files;
  deployment halves({.client_options = {"--users-file", files.write("users", "alice:s3cret\n")}});
  socket control("127.0.0.1", halves.socks_port());
  control.send(octets({5, 1, 2}) + "\1\5alice\6s3cret" + octets({5, 3, 0}) + socks_address("0.0.0.0", 0));
  const std::string reply = control.receive(14);
  ASSERT_EQ(reply.substr(0, 6), octets({5, 2, 1, 0, 5, 0}));
  const auto relay =
      static_cast<std::uint16_t>(static_cast<unsigned char>(reply[12]) << 8 | static_cast<unsigned char>(reply[13]));
  EXPECT_NE(relay, halves.socks_port()) << "which everybody knows";
  udp_socket application, neighbour, peer;
  const std::string to_peer = header("127.0.0.1", peer.port());
  application.send(to_peer + "mine", "127.0.0.1", relay);
  EXPECT_EQ(peer.receive().value().payload, "mine");
  neighbour.send(to_peer + "from another port", "127.0.0.1", relay);
  application.send(to_peer + "mine too", "127.0.0.1", relay);
  EXPECT_EQ(peer.receive().value().payload, "mine too");
}

TEST(Udp, HeedsTheDeclaredPortOfTheApplicationsOwnAddress) {
  deployment halves;
  udp_socket application, neighbour, peer;
  for (const char* declared : {"127.0.0.1", "0.0.0.0"}) {
    const associated a(halves, declared, application.port());
    a.send(neighbour, "127.0.0.1", peer.port(), "neighbour");
    a.send(application, "127.0.0.1", peer.port(), "mine");
    EXPECT_EQ(peer.receive().value().payload, "mine") << declared;
  }
  const associated a(halves, "198.51.100.7", 4711);
  a.send(application, "127.0.0.1", peer.port(), "declared somebody else");
  EXPECT_EQ(peer.receive().value().payload, "declared somebody else");
}

TEST(Udp, SurvivesAPortThatIsClosed) {
  deployment halves;
  const associated a(halves);
  udp_socket application, peer;
  const std::uint16_t closed = udp_socket().port();
  for (int i = 0; i < 10; ++i) a.send(application, "127.0.0.1", closed, "nobody is there");
  a.send(application, "127.0.0.1", peer.port(), "somebody is");
  EXPECT_EQ(peer.receive().value().payload, "somebody is");
}

TEST(Udp, FollowsTheRules) {
  deployment halves({.server_options = {"--allow", "127.0.0.0/8", "--deny", "127.0.0.2", "--deny", "::1"}});
  const associated a(halves);
  udp_socket application, allowed, denied("127.0.0.2");
  a.send(application, "127.0.0.2", denied.port(), "x");
  a.send(application, "::ffff:127.0.0.2", denied.port(), "x");
  a.send(application, "127.0.0.1", allowed.port(), "y");
  EXPECT_EQ(allowed.receive().value().payload, "y");
  EXPECT_FALSE(denied.receive(0ms));
  a.send(application, "localhost", allowed.port(), "z");  // its IPv6 address is passed over
  EXPECT_EQ(allowed.receive().value().payload, "z");
}

TEST(Udp, EndsWithItsConnection) {
  deployment halves;
  udp_socket application, peer;
  std::uint16_t relay = 0;
  received_datagram asked;
  {
    const associated a(halves);
    relay = a.relay;
    a.send(application, "127.0.0.1", peer.port(), "x");
    asked = peer.receive().value();
  }
  EXPECT_TRUE(udp_port_closes("127.0.0.1", relay)) << "at the client";
  EXPECT_TRUE(udp_port_closes("127.0.0.1", asked.port)) << "at the server";
}

TEST(Udp, OutlivesABridge) {
  deployment halves({.bridges = 2});
  const associated a(halves);
  udp_socket application, peer;
  halves.lines().lose(0, loss::reset);
  std::optional<received_datagram> asked;
  for (int i = 0; i < 50 && !asked; ++i) {  // one may have been on the bridge that was lost
    a.send(application, "127.0.0.1", peer.port(), "x");
    asked = peer.receive(200ms);
  }
  EXPECT_TRUE(asked);
}

TEST(Udp, NeedsALoginWhereThereAreUsers) {
  const temp_dir files;
  deployment halves({.client_options = {"--users-file", files.write("users", "alice:s3cret\n")}});
  socket s("127.0.0.1", halves.socks_port());
  s.send(octets({5, 1, 0}) + octets({5, 3, 0}) + socks_address("0.0.0.0", 0));
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(text, octets({5, 0xff}));
}

TEST(Udp, TellsTheAddressThatItIsGivenAndThenTrustsNoDeclaredPort) {
  deployment halves({.client_options = {"--udp-advertise", "192.0.2.7"}});
  const associated a(halves, "0.0.0.0", 4711);
  EXPECT_EQ(a.reply.substr(0, 8), octets({5, 0, 0, 1, 192, 0, 2, 7}));
  udp_socket application, peer;
  a.send(application, "127.0.0.1", peer.port(), "x");
  EXPECT_TRUE(peer.receive());
}

}  // namespace
}  // namespace mtcp::lab
