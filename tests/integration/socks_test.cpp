// SOCKS5 (RFC 1928, RFC 1929), SOCKS4 and 4a on the local port, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <vector>

#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using namespace std::string_literals;

const std::string no_login = octets({5, 1, 0});
const std::string with_login = octets({5, 1, 2});
const std::string refused_method = octets({5, 0xff});

socket application(const deployment& halves) { return socket("127.0.0.1", halves.socks_port()); }

std::string request(int command, const std::string& host, std::uint16_t port) {
  return octets({5, command, 0}) + socks_address(host, port);
}

std::string login(const std::string& name, const std::string& password) {
  return octets({1, static_cast<int>(name.size())}) + name + octets({static_cast<int>(password.size())}) + password;
}

std::string request4(const std::string& address, std::uint16_t port, const std::string& rest = "\0"s, int command = 1) {
  return octets({4, command}) + port_bytes(port) + address + rest;
}

const std::string loopback = octets({127, 0, 0, 1});

void send_in_pieces(socket& to, const std::string& text) {
  for (const char byte : text) to.send(std::string(1, byte));
}

/// What the proxy says until it closes; a reset would show that an answer may be lost.
std::string last_words(socket& from) {
  std::string text;
  EXPECT_EQ(from.drain(text), tail::end);
  return text;
}

/// What it says to a request that comes with the greeting.
std::string answer_to(const deployment& halves, const std::string& message) {
  socket s = application(halves);
  s.send(no_login + message);
  const std::string text = last_words(s);
  EXPECT_EQ(text.substr(0, 2), octets({5, 0}));
  return text.substr(std::min<std::size_t>(2, text.size()));
}

std::string refusal(int code) { return octets({5, code, 0, 1, 0, 0, 0, 0, 0, 0}); }

struct Users : testing::Test {
  temp_dir files;
  deployment halves{{.client_options = {"--users-file", files.write("users", "alice:s3cret\nbob:a:b c\n")}}};
};

TEST(Socks5, TakesItsMessagesInPieces) {
  deployment halves;
  const peer echo(habit::echo);
  socket s = application(halves);
  send_in_pieces(s, no_login);
  EXPECT_EQ(s.receive(2), octets({5, 0}));
  send_in_pieces(s, request(1, "localhost", echo.port()));
  EXPECT_EQ(s.receive(10).substr(0, 4), octets({5, 0, 0, 1}));
  s.send("hello");
  EXPECT_EQ(s.receive(5), "hello");
}

TEST(Socks5, ChoosesTheMethodThatItCanUse) {
  deployment halves;
  for (const auto& [offer, answer] :
       {std::pair{octets({5, 2, 0, 2}), octets({5, 0})}, std::pair{octets({5, 3, 1, 2, 0}), octets({5, 0})}}) {
    socket s = application(halves);
    s.send(offer);
    EXPECT_EQ(s.receive(2), answer);
  }
  for (const auto& offer : {octets({5, 0}), octets({5, 1, 1}), octets({5, 1, 2}), octets({5, 2, 0x80, 0xff})}) {
    socket s = application(halves);
    s.send(offer + request(1, "127.0.0.1", 80));  // what follows must not turn the answer into a reset
    EXPECT_EQ(last_words(s), refused_method);
  }
}

TEST(Socks5, RefusesWhatItDoesNotKnow) {
  deployment halves;
  const std::string rest = loopback + port_bytes(80);
  EXPECT_EQ(answer_to(halves, request(2, "127.0.0.1", 80)), refusal(7)) << "BIND";
  for (const int command : {0, 4, 0xf0}) EXPECT_EQ(answer_to(halves, request(command, "127.0.0.1", 80)), refusal(7));
  for (const int type : {0, 2, 5, 255}) EXPECT_EQ(answer_to(halves, octets({5, 1, 0, type}) + rest), refusal(8));
  EXPECT_EQ(answer_to(halves, octets({4, 1, 0, 1}) + rest), refusal(1)) << "a version that changes";
}

TEST(Socks5, RefusesNamesThatCanBeNone) {
  deployment halves;
  for (const auto& name : {""s, "a\0b"s, "a\nb"s, "a b"s, "\x7f"s, "."s, "\t"s})
    EXPECT_EQ(answer_to(halves, request(1, name, 80)), refusal(1)) << testing::PrintToString(name);
}

TEST(Socks5, TellsWhyInItsReply) {
  deployment halves({.server_options = {"--allow", "127.0.0.0/8", "--allow", "224.0.0.0/4"}});
  const std::uint16_t closed = peer(habit::listen).port();
  EXPECT_EQ(answer_to(halves, request(1, "127.0.0.1", closed)), refusal(5));
  EXPECT_EQ(answer_to(halves, request(1, "nothing.invalid", 80)), refusal(4));
  EXPECT_EQ(answer_to(halves, request(1, "224.0.0.1", 80)), refusal(3)) << "no TCP to a group: ENETUNREACH";
  EXPECT_EQ(answer_to(halves, request(1, "169.254.169.254", 80)), refusal(2));
}

TEST(Socks5, TellsTheBoundAddressAsAnAddress) {
  deployment halves;
  const peer four(habit::echo), six(habit::echo, 0, "::1");
  for (const char* host : {"127.0.0.1", "localhost"}) {
    socket s = application(halves);
    const auto reply = socks_connect(s, host, four.port()).whole_reply;
    EXPECT_EQ(reply.substr(0, 8), octets({5, 0, 0, 1}) + loopback) << host;
    EXPECT_NE(reply.substr(8), octets({0, 0})) << host;
  }
  socket s = application(halves);
  const auto reply = socks_connect(s, "::1", six.port()).whole_reply;
  ASSERT_EQ(reply.size(), 22u);
  EXPECT_EQ(reply[3], 4);
  EXPECT_EQ(reply[19], 1);
}

TEST(Socks5, SaysSuccessOnlyAfterTheDial) {
  deployment halves;
  const peer echo(habit::echo);
  halves.server().send_signal(SIGSTOP);
  socket s = application(halves);
  s.send(no_login + request(1, "127.0.0.1", echo.port()));
  EXPECT_EQ(s.receive(2), octets({5, 0}));
  EXPECT_FALSE(s.readable(300ms));
  halves.server().send_signal(SIGCONT);
  EXPECT_EQ(s.receive(10)[1], 0);
}

TEST(FastOpen, SaysSuccessAtOnceAndResetsIfThereIsNone) {
  deployment halves({.client_options = {"--fast-open"}});
  const peer echo(habit::echo);
  halves.server().send_signal(SIGSTOP);
  socket s = application(halves);
  s.send(no_login + request(1, "127.0.0.1", echo.port()));
  EXPECT_EQ(s.receive(12), octets({5, 0}) + refusal(0));
  s.send("hello");
  halves.server().send_signal(SIGCONT);
  EXPECT_EQ(s.receive(5), "hello");

  socket refused = application(halves);
  refused.send(no_login + request(1, "127.0.0.1", peer(habit::listen).port()));
  std::string text;
  EXPECT_EQ(refused.drain(text), tail::reset);
  EXPECT_EQ(text, octets({5, 0}) + refusal(0));
}

TEST_F(Users, LogIn) {
  const peer echo(habit::echo);
  for (const auto& [name, password] : {std::pair{"alice", "s3cret"}, std::pair{"bob", "a:b c"}}) {
    socket s = application(halves);
    send_in_pieces(s, octets({5, 2, 0, 2}));
    EXPECT_EQ(s.receive(2), octets({5, 2})) << "the password is wanted, whatever else is offered";
    send_in_pieces(s, login(name, password));
    EXPECT_EQ(s.receive(2), octets({1, 0}));
    s.send(request(1, "127.0.0.1", echo.port()) + "early");
    EXPECT_EQ(s.receive(10)[1], 0);
    EXPECT_EQ(s.receive(5), "early");
  }
}

TEST_F(Users, MaySayEverythingAtOnce) {
  const peer echo(habit::echo);
  socket s = application(halves);
  s.send(with_login + login("alice", "s3cret") + request(1, "127.0.0.1", echo.port()) + "early");
  EXPECT_EQ(s.receive(5), octets({5, 2, 1, 0, 5}));
  EXPECT_EQ(s.receive(9)[0], 0);
  EXPECT_EQ(s.receive(5), "early");
}

TEST_F(Users, StayOutWithAWrongPassword) {
  for (const auto& [name, password] :
       {std::pair{"alice"s, "s3cre"s}, std::pair{"alice"s, "s3cret\0"s}, std::pair{"alice"s, ""s}, std::pair{""s, ""s},
        std::pair{"alice\0"s, "s3cret"s}, std::pair{"alice"s, "a:b c"s}}) {
    socket s = application(halves);
    s.send(with_login + login(name, password) + request(1, "127.0.0.1", 80));
    const std::string answer = last_words(s);
    ASSERT_EQ(answer.size(), 4u) << name;
    EXPECT_EQ(answer.substr(0, 3), octets({5, 2, 1}));
    EXPECT_NE(answer[3], 0);
  }
}

TEST_F(Users, AreNotAskedForByOtherWays) {
  socket open_method = application(halves);
  open_method.send(no_login + request(1, "127.0.0.1", 80));
  EXPECT_EQ(last_words(open_method), refused_method);
  socket socks4 = application(halves);
  socks4.send(request4(loopback, 80, "alice\0"s));
  EXPECT_EQ(last_words(socks4), octets({0, 0x5b, 0, 0, 0, 0, 0, 0}));
}

TEST(Socks4, ReachesAddressesAndNames) {
  deployment halves;
  const peer echo(habit::echo);
  for (const auto& message : {request4(loopback, echo.port()), request4(loopback, echo.port(), "user\0"s),
                              request4(octets({0, 0, 0, 1}), echo.port(), "user\0localhost\0"s)}) {
    socket in_pieces = application(halves), at_once = application(halves);
    send_in_pieces(in_pieces, message);
    EXPECT_EQ(in_pieces.receive(8).substr(0, 2), octets({0, 0x5a}));
    at_once.send(message + "early");
    EXPECT_EQ(at_once.receive(8).substr(4), loopback);
    EXPECT_EQ(at_once.receive(5), "early");
  }
}

TEST(Socks4, RefusesInItsOnlyWay) {
  deployment halves;
  const std::uint16_t closed = peer(habit::listen).port();
  for (const auto& message :
       {request4(loopback, closed), request4(loopback, 80, "\0"s, 2), request4(octets({10, 0, 0, 1}), 80),
        request4(octets({0, 0, 0, 9}), 80, "\0nothing.invalid\0"s), request4(octets({0, 0, 0, 9}), 80, "\0a b\0"s),
        request4(loopback, 80, std::string(600, 'u'))}) {
    socket s = application(halves);
    s.send(message);
    EXPECT_EQ(last_words(s), octets({0, 0x5b, 0, 0, 0, 0, 0, 0}));
  }
}

TEST(LocalPort, ClosesOnAnyOtherFirstByte) {
  deployment halves;
  for (const int first : {0, 1, 3, 6, 0x16, 0x40, 0x5b, 'g' + 0, 0x80, 0xff}) {
    socket s = application(halves);
    s.send(octets({first}));
    std::string text;
    EXPECT_NE(s.drain(text), tail::timeout) << first;
    EXPECT_TRUE(text.empty()) << first;
  }
}

TEST(LocalPort, SurvivesWithoutDescriptors) {
  if (machine_speed < 1) GTEST_SKIP() << "the sanitizer looks at memory through a pipe, and takes none for a fault";
  deployment halves({.bridges = 2, .client_wrapper = {"prlimit", "--nofile=48:48", "--"}});
  const peer echo(habit::echo);
  const double before = halves.client().cpu_seconds();
  const auto start = lab_clock::now();
  {
    std::vector<socket> crowd;
    for (int i = 0; i < 100; ++i) crowd.push_back(application(halves));
    const auto turned_away = [](const socket& s) { return s.readable(20ms); };
    EXPECT_TRUE(std::any_of(crowd.begin(), crowd.end(), turned_away)) << "some cannot be served";
  }
  const std::chrono::duration<double> took = lab_clock::now() - start;
  EXPECT_LT(halves.client().cpu_seconds() - before, 0.5 * took.count() + 0.2) << "it spins";
  bool served = false;
  while (!served && lab_clock::now() < start + 15s) try {
      socket s = application(halves);
      served = socks_connect(s, "127.0.0.1", echo.port()).code == 0;
    } catch (const std::system_error&) {  // turned away
    }
  EXPECT_TRUE(served) << "once there are descriptors again";
}

}  // namespace
}  // namespace mtcp::lab
