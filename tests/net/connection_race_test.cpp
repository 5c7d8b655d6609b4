// Happy Eyeballs with addresses that come late and sockets that are prepared: the client's dials.
#include <gtest/gtest.h>

#include <algorithm>

#include "mtcp/net/dial/happy_eyeballs.hpp"
#include "net/black_hole.hpp"
#include "net/run.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class ConnectionRace : public testing::Test {
 protected:
  /// Until it is decided.
  void drive(connection_race& race) {
    const auto end = clock::now() + 10s;
    io.restart();
    for (race.advance(clock::now()); !race.won() && !race.idle() && clock::now() < end; race.advance(clock::now())) {
      wake.expires_at(std::min(end, race.next()));
      wake.async_wait([](error_code) {});
      io.run_one();
    }
  }
  tcp::endpoint at(const char* address) const { return {parse_address(address).value(), port()}; }
  std::uint16_t port() const { return server.local_endpoint().port(); }

  asio::io_context io;
  tcp::acceptor server{io, {asio::ip::address_v4::loopback(), 0}};
  timer wake{io};
};

TEST_F(ConnectionRace, TakesAddressesThatComeLate) {
  test::black_hole nowhere(io, "127.0.0.2", port());
  connection_race race(wake);
  race.add({at("127.0.0.2")});
  race.advance(clock::now());
  EXPECT_FALSE(race.idle());
  race.add({at("127.0.0.2"), at("127.0.0.1")});
  const auto begin = clock::now();
  drive(race);
  ASSERT_TRUE(race.won());
  EXPECT_EQ(race.take()->remote_endpoint(), at("127.0.0.1"));
  EXPECT_LT(clock::now() - begin, 5s);
}

TEST_F(ConnectionRace, PreparesEachSocketBeforeItConnects) {
  const auto from_the_third = [](tcp::socket& socket, const tcp::endpoint&) {
    error_code error;
    socket.bind({asio::ip::make_address("127.0.0.3"), 0}, error);
    return error;
  };
  connection_race race(wake, 250ms, from_the_third);
  race.add({at("127.0.0.1")});
  drive(race);
  ASSERT_TRUE(race.won());
  EXPECT_EQ(race.take()->local_endpoint().address().to_string(), "127.0.0.3");
}

// A path that is bound to an IPv4 address has no use for IPv6 ones.
TEST_F(ConnectionRace, PassesOverWhatCannotBePrepared) {
  const auto only_ipv4 = [](tcp::socket&, const tcp::endpoint& to) {
    return to.address().is_v6() ? error_code(asio::error::address_family_not_supported) : error_code();
  };
  connection_race race(wake, 10s, only_ipv4);
  race.add({at("::1"), at("127.0.0.1")});
  drive(race);
  EXPECT_TRUE(race.won());
}

TEST_F(ConnectionRace, TellsOfAWrongFamilyOnlyIfThatIsAll) {
  error_code of_ipv4 = asio::error::no_buffer_space;
  const auto prepare = [&](tcp::socket&, const tcp::endpoint& to) {
    return to.address().is_v6() ? error_code(asio::error::address_family_not_supported) : of_ipv4;
  };
  for (const error_code expected : {asio::error::no_buffer_space, asio::error::address_family_not_supported}) {
    of_ipv4 = expected;
    connection_race race(wake, 10s, prepare);
    race.add({at("::1"), at("127.0.0.1")});
    drive(race);
    EXPECT_EQ(race.take().error(), expected);
  }
}

TEST_F(ConnectionRace, MayBeGivenUp) {
  test::black_hole nowhere(io, "127.0.0.2", port());
  {
    connection_race race(wake);
    race.add({at("127.0.0.2"), at("127.0.0.1")});
    race.advance(clock::now());
    EXPECT_EQ(race.take().error(), asio::error::timed_out);
  }
  io.restart();
  EXPECT_NE(io.run_for(5s), 0U);  // the handlers find nobody
  EXPECT_TRUE(io.stopped());
}

}  // namespace
}  // namespace mtcp
