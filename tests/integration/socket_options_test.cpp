// What the connections of applications and destinations are asked to do for their streams.
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <regex>

#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

/// A destination that a test plays itself.
class destination {
 public:
  destination() : door_(io_, {asio::ip::address_v4::loopback(), 0}), socket_(io_) {}
  std::uint16_t port() const { return door_.local_endpoint().port(); }
  void accept() { door_.accept(socket_); }
  void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
  void send_urgent(char byte) { socket_.send(asio::buffer(&byte, 1), asio::socket_base::message_out_of_band); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor door_;
  asio::ip::tcp::socket socket_;
};

// RFC 6093, section 6.
TEST(UrgentData, OfAnApplicationStaysAmongTheOtherBytes) {
  deployment halves;
  const peer echo(habit::echo);
  socket s = halves.stream_to("127.0.0.1", echo.port());
  s.send("ab");
  s.send_urgent('!');
  s.send("cd");
  EXPECT_EQ(s.receive(5), "ab!cd");
}

TEST(UrgentData, OfAForwardedApplicationMayComeFirst) {
  const peer echo(habit::echo);
  deployment halves({.client_options = {"--forward", "127.0.0.1:0=127.0.0.1:" + std::to_string(echo.port())}});
  socket s("127.0.0.1",
           static_cast<std::uint16_t>(std::stoul(halves.client().expect("listening forward .*:(\\d+)").at(1))));
  s.send_urgent('!');
  s.send("cd");
  EXPECT_EQ(s.receive(3), "!cd");
}

TEST(UrgentData, OfADestinationStaysAmongTheOtherBytes) {
  deployment halves;
  destination far;
  socket s = halves.stream_to("127.0.0.1", far.port());
  far.accept();
  far.send("ab");
  far.send_urgent('!');
  far.send("cd");
  EXPECT_EQ(s.receive(5), "ab!cd");
}

/// The timer of the connections that `filter` finds, as `ss` shows it: "keepalive,52sec,0".
std::string timer_of(const std::string& filter) {
  const std::string all = run({"sh", "-c", "ss -Htno state established '" + filter + "'"}).standard_output;
  std::smatch found;
  return std::regex_search(all, found, std::regex("timer:\\((.*)\\)")) ? found.str(1) : "none: " + all;
}

/// Waits for it, since data on its way has a timer of its own.
void expect_timer(const std::string& filter, const std::string& pattern) {
  const auto end = lab_clock::now() + 10s;
  while (!std::regex_match(timer_of(filter), std::regex(pattern)) && lab_clock::now() < end) continue;
  EXPECT_TRUE(std::regex_match(timer_of(filter), std::regex(pattern))) << timer_of(filter);
}

class KeepAlive : public testing::Test {
 protected:
  void SetUp() override {
    if (!installed("ss")) GTEST_SKIP() << "needs ss";
  }
  static void expect_both(const std::vector<std::string>& options, const std::string& pattern) {
    plan p;
    for (auto* half : {&p.client_options, &p.server_options}) half->insert(half->end(), options.begin(), options.end());
    deployment halves(p);
    const peer echo(habit::echo);
    const socket s = halves.stream_to("127.0.0.1", echo.port());
    expect_timer("sport = :" + std::to_string(halves.socks_port()), pattern);
    expect_timer("dport = :" + std::to_string(echo.port()), pattern);
  }
};

TEST_F(KeepAlive, ProbesQuietConnectionsAfterAMinute) { expect_both({}, "keepalive,(1min|5\\d(\\.\\d+)?sec),.*"); }

TEST_F(KeepAlive, ProbesAsOftenAsTheUserWants) {
  expect_both({"--keep-alive", "20s"}, "keepalive,(20|1\\d)(\\.\\d+)?sec,.*");
}

TEST_F(KeepAlive, MayBeOff) { expect_both({"--keep-alive", "off"}, "none: [^\n]+\n"); }

}  // namespace
}  // namespace mtcp::lab
