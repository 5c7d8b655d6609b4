#include "mtcp/net/dial/dialer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "mtcp/net/dial/happy_eyeballs.hpp"
#include "net/black_hole.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using test::name_server;
using test::run;
using answer = name_server::answer;
using type = name_server::type;

const answer silence{answer::kind::silence, {}, 60};
const answer failure{answer::kind::failure, {}, 60};

std::vector<std::string> texts(const std::vector<ip_address>& addresses) {
  std::vector<std::string> out;
  for (const auto& a : addresses) out.push_back(a.to_string());
  return out;
}

using text_list = std::vector<std::string>;

class Names : public testing::Test {
 protected:
  result<std::vector<ip_address>> resolve(const std::string& name, std::chrono::milliseconds within = 15s) {
    return run(io, names.resolve(name, clock::now() + within));
  }
  text_list resolved(const std::string& name) {
    const auto found = resolve(name);
    EXPECT_TRUE(found) << name;
    return found ? texts(*found) : text_list{};
  }

  asio::io_context io;
  name_server server{io.get_executor()};
  resolver names{io.get_executor(), {.servers = server.address()}};
};

TEST_F(Names, ResolveToBothFamiliesIpv6First) {
  server.set("both.test", type::a, {.addresses = {"192.0.2.1", "192.0.2.2"}});
  server.set("both.test", type::aaaa, {.addresses = {"2001:db8::1"}});
  const auto found = resolved("both.test");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "2001:db8::1");
}

TEST_F(Names, OfOneFamilyAreEnough) {
  server.set("four.test", type::a, {.addresses = {"192.0.2.1"}});
  server.set("four.test", type::aaaa, {});
  server.set("six.test", type::aaaa, {.addresses = {"2001:db8::1"}});
  EXPECT_EQ(resolved("four.test"), text_list{"192.0.2.1"});
  EXPECT_EQ(resolved("six.test"), text_list{"2001:db8::1"});
}

TEST_F(Names, DoNotWaitForAFamilyThatIsNeverAnswered) {
  server.set("half.test", type::a, {.addresses = {"192.0.2.1"}});
  server.set("half.test", type::aaaa, silence);
  const auto start = clock::now();
  EXPECT_EQ(resolved("half.test"), text_list{"192.0.2.1"});
  EXPECT_GE(clock::now() - start, 50ms);
  EXPECT_LT(clock::now() - start, 5s) << "it would wait 15 s for an answer";
}

TEST_F(Names, ThatAreSlowDelayNoOther) {
  server.set("slow.test", type::a, silence);
  server.set("slow.test", type::aaaa, silence);
  server.set("quick.test", type::a, {.addresses = {"192.0.2.1"}});
  const auto slow = [](resolver& r, error_code& out) -> task<> {
    const auto found = co_await r.resolve("slow.test", clock::now() + 3s);
    out = found.error();
  };
  error_code slow_error;
  spawn(io.get_executor(), slow(names, slow_error));
  EXPECT_EQ(resolved("quick.test"), text_list{"192.0.2.1"});
  EXPECT_FALSE(slow_error) << "it has not ended yet";
  EXPECT_EQ(resolve("slow.test", 3s).error(), asio::error::timed_out);
  EXPECT_EQ(slow_error, asio::error::timed_out);
}

TEST_F(Names, AreKeptForTheirTimeToLive) {
  server.set("kept.test", type::a, {.addresses = {"192.0.2.1"}, .ttl = 60});
  server.set("fresh.test", type::a, {.addresses = {"192.0.2.1"}, .ttl = 0});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(resolved("kept.test"), text_list{"192.0.2.1"});
    EXPECT_EQ(resolved("fresh.test"), text_list{"192.0.2.1"});
  }
  EXPECT_EQ(server.questions("kept.test"), 2);  // one of each type
  EXPECT_EQ(server.questions("fresh.test"), 6);
}

TEST_F(Names, ThatFailAreAskedForAgain) {
  EXPECT_EQ(resolve("new.test").error(), asio::error::host_not_found);
  server.set("new.test", type::a, {.addresses = {"192.0.2.1"}});
  EXPECT_EQ(resolved("new.test"), text_list{"192.0.2.1"});
}

TEST_F(Names, LookedForAtOnceShareTheirQuestions) {
  server.set("shared.test", type::a, {.addresses = {"192.0.2.1"}, .ttl = 0});
  std::vector<std::optional<result<std::vector<ip_address>>>> found(5);
  for (auto& f : found) {
    auto lookup = names.resolve("shared.test", clock::now() + 5s);
    spawn(io.get_executor(), test::store(std::move(lookup), f));
  }
  while (!found.back()) io.run_one();
  io.poll();
  for (const auto& f : found) EXPECT_TRUE(f && *f && (*f)->size() == 1);
  EXPECT_EQ(server.questions("shared.test"), 2);
}

// The sockets that were used may be those of a network that the machine has left.
TEST_F(Names, AreAskedForFromOtherSocketsAfterSilence) {
  for (const type t : {type::a, type::aaaa}) server.set("silent.test", t, silence);
  server.set("four.test", type::a, {.addresses = {"192.0.2.1"}});
  EXPECT_EQ(resolve("silent.test", 2100ms).error(), asio::error::timed_out);
  EXPECT_EQ(resolved("four.test"), text_list{"192.0.2.1"});
  for (const std::uint16_t port : server.askers("four.test")) EXPECT_EQ(server.askers("silent.test").count(port), 0U);
}

TEST_F(Names, TellWhyThereIsNoAddress) {
  server.set("broken.test", type::a, failure);
  server.set("broken.test", type::aaaa, failure);
  EXPECT_EQ(resolve("nobody.test").error(), asio::error::host_not_found);
  EXPECT_EQ(resolve("broken.test").error(), asio::error::host_not_found_try_again);
}

TEST_F(Names, OfThisMachineAndLiteralsAskNobody) {
  EXPECT_EQ(resolved("localhost"), (text_list{"::1", "127.0.0.1"}));
  for (const char* spelling : {"app.localhost", "localhost.", "LocalHost", "app.localhost."})
    EXPECT_EQ(resolved(spelling), (text_list{"::1", "127.0.0.1"})) << spelling;
  EXPECT_EQ(resolved("192.0.2.9"), text_list{"192.0.2.9"});
  EXPECT_EQ(resolved("2001:db8::9"), text_list{"2001:db8::9"});
  EXPECT_EQ(server.questions("localhost"), 0);
}

TEST_F(Names, MayStandInTheHostsFile) {
  std::ifstream hosts("/etc/hosts");
  std::string address, name;
  for (std::string line; std::getline(hosts, line);) {
    std::istringstream words(line);
    if (words >> address >> name && parse_address(address) && name != "localhost" && !name.ends_with(".localhost"))
      break;
    name.clear();
  }
  if (name.empty()) GTEST_SKIP() << "the hosts file has no other name than localhost";
  const auto found = resolved(name);
  EXPECT_NE(std::find(found.begin(), found.end(), address), found.end()) << name;
}

TEST_F(Names, MayBeLeftUnansweredAtTheEnd) {
  server.set("slow.test", type::a, silence);
  server.set("slow.test", type::aaaa, silence);
  EXPECT_EQ(resolve("slow.test", 1ms).error(), asio::error::timed_out);  // and the resolver goes
}

TEST(Interleave, LetsFamiliesTakeTurns) {
  const auto order = [](const text_list& in) {
    std::vector<ip_address> addresses;
    for (const auto& text : in) addresses.push_back(parse_address(text).value());
    return texts(interleave(addresses));
  };
  EXPECT_EQ(order({}), text_list{});
  EXPECT_EQ(order({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}), (text_list{"::1", "1.1.1.1", "::2", "2.2.2.2", "::3"}));
  EXPECT_EQ(order({"1.1.1.1", "2.2.2.2", "::1"}), (text_list{"1.1.1.1", "::1", "2.2.2.2"}));
}

class Dialer : public Names {
 protected:
  Dialer() {
    allowed.allow(network::parse("127.0.0.0/8").value());
    allowed.allow(network::parse("::1").value());
  }
  dialed dial(const std::string& host, std::uint16_t port, std::size_t at_once = attempts_at_once) {
    dialer d(names, allowed, options);
    return run(io, d.dial({host, port}, at_once));
  }
  std::uint16_t listen(const char* address, std::uint16_t port = 0) {
    listeners.emplace_back(io, tcp::endpoint(parse_address(address).value(), port));
    return listeners.back().local_endpoint().port();
  }
  std::uint16_t unused_port() {
    const std::uint16_t port = listen("127.0.0.1");
    listeners.pop_back();
    return port;
  }

  rules allowed;
  dial_options options;
  std::vector<tcp::acceptor> listeners;
};

TEST_F(Dialer, ReachesAddressesAndNames) {
  const std::uint16_t port = listen("127.0.0.1");
  for (const auto host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1"}) {
    const dialed d = dial(host, port);
    ASSERT_TRUE(d.socket) << host;
    EXPECT_EQ(d.socket->remote_endpoint().address().to_string(), "127.0.0.1");
    EXPECT_TRUE(d.socket->non_blocking());
  }
}

TEST_F(Dialer, TellsWhatIsWrongInRefusals) {
  EXPECT_EQ(dial("127.0.0.1", unused_port()).why, core::refusal::connection_refused);
  EXPECT_EQ(dial("nobody.test", 80).why, core::refusal::host_unreachable);
  EXPECT_EQ(dial("10.0.0.1", 80).why, core::refusal::policy);
  EXPECT_EQ(to_refusal(asio::error::network_unreachable), core::refusal::network_unreachable);
  EXPECT_EQ(to_refusal(asio::error::host_unreachable), core::refusal::host_unreachable);
  EXPECT_EQ(to_refusal(asio::error::timed_out), core::refusal::host_unreachable);
  EXPECT_EQ(to_refusal(asio::error::no_descriptors), core::refusal::general);
}

TEST_F(Dialer, ChecksWhatANameResolvesTo) {
  const std::uint16_t port = listen("127.0.0.1");
  server.set("inside.test", type::a, {.addresses = {"10.0.0.1", "169.254.169.254"}});
  server.set("mixed.test", type::a, {.addresses = {"10.0.0.1", "127.0.0.1"}});
  server.set("mapped.test", type::aaaa, {.addresses = {"::ffff:10.0.0.1"}});
  EXPECT_EQ(dial("inside.test", port).why, core::refusal::policy);
  EXPECT_EQ(dial("mapped.test", port).why, core::refusal::policy);
  const dialed d = dial("mixed.test", port);
  ASSERT_TRUE(d.socket);
  EXPECT_EQ(d.socket->remote_endpoint().address().to_string(), "127.0.0.1");
}

TEST_F(Dialer, TakesTheNextAddressAtOnceWhenOneFails) {
  const std::uint16_t port = listen("127.0.0.3");
  server.set("second.test", type::a, {.addresses = {"127.0.0.2", "127.0.0.3"}});
  options.stagger = 10s;
  const auto start = clock::now();
  EXPECT_TRUE(dial("second.test", port).socket);
  EXPECT_LT(clock::now() - start, 5s);
}

TEST_F(Dialer, TriesTheNextAddressBesideASlowOne) {
  test::black_hole slow(io, "127.0.0.2");
  listen("127.0.0.3", slow.port());
  server.set("slow.test", type::a, {.addresses = {"127.0.0.2", "127.0.0.3"}});
  options.stagger = 100ms;
  const auto start = clock::now();
  const dialed d = dial("slow.test", slow.port());
  ASSERT_TRUE(d.socket);
  EXPECT_EQ(d.socket->remote_endpoint().address().to_string(), "127.0.0.3");
  EXPECT_LT(clock::now() - start, 5s) << "it would wait 10 s for the slow one";
}

// Each attempt takes a descriptor; whoever named the destination chose how many addresses it has.
TEST_F(Dialer, TriesNoMoreSideBySideThanItMay) {
  test::black_hole slow(io, "127.0.0.2");
  listen("127.0.0.3", slow.port());
  server.set("slow.test", type::a, {.addresses = {"127.0.0.2", "127.0.0.3"}});
  options.stagger = 50ms;
  const auto start = clock::now();
  const dialed d = dial("slow.test", slow.port(), 1);
  ASSERT_TRUE(d.socket);
  EXPECT_EQ(d.socket->remote_endpoint().address().to_string(), "127.0.0.3");
  EXPECT_GE(clock::now() - start, 1s) << "the first has its chance";
  EXPECT_LT(clock::now() - start, 8s) << "and then makes room";
}

TEST_F(Dialer, TriesEightAddresses) {
  const std::uint16_t port = listen("127.0.0.9");
  std::vector<std::string> addresses;
  for (int i = 2; i <= 9; ++i) addresses.push_back("127.0.0." + std::to_string(i));
  server.set("eight.test", type::a, {.addresses = addresses});
  addresses.insert(addresses.begin(), "127.0.0.1");
  server.set("nine.test", type::a, {.addresses = addresses});
  EXPECT_TRUE(dial("eight.test", port).socket);
  EXPECT_EQ(dial("nine.test", port).why, core::refusal::connection_refused);
}

TEST_F(Dialer, LooksUpNoNameThatCanBeNone) {
  using namespace std::string_literals;
  for (const auto& host : {"127.0.0.1\0x"s, "localhost\0"s, "a b"s, ""s, "a\nb"s})
    EXPECT_EQ(dial(host, 80).why, core::refusal::host_unreachable) << testing::PrintToString(host);
}

TEST_F(Dialer, GivesUpAtTheDeadline) {
  test::black_hole slow(io, "127.0.0.2");
  options.timeout = 200ms;
  const auto start = clock::now();
  const dialed d = dial("127.0.0.2", slow.port());
  EXPECT_EQ(d.socket.error(), asio::error::timed_out);
  EXPECT_EQ(d.why, core::refusal::host_unreachable);
  EXPECT_GE(clock::now() - start, 200ms);
  EXPECT_LT(clock::now() - start, 5s);
}

TEST_F(Dialer, PrefersTheErrorThatSaysMost) {
  test::black_hole slow(io, "127.0.0.2");
  server.set("worst.test", type::a, {.addresses = {"127.0.0.2", "127.0.0.3"}});
  options.timeout = 300ms;
  options.stagger = 50ms;
  EXPECT_EQ(dial("worst.test", slow.port()).why, core::refusal::connection_refused);
}

}  // namespace
}  // namespace mtcp
