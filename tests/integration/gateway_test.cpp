// --transparent with the rules, routes and settings of client/GATEWAY.md, which are taken from there: programs and
// machines that know of no proxy.
#include <gtest/gtest.h>

#include <regex>
#include <system_error>

#include "integration/gateway_lab.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

class Gateway : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string missing = gateway_lab::missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    lab = std::make_unique<gateway_lab>();
  }

  void start(const std::vector<std::string>& more = {}) const {
    lab->make_router(more);
    lab->wait_for_tunnel();
  }
  template <class F>
  auto on_device(F work) const {
    return lab->device.inside(work);
  }
  template <class F>
  auto on_router(F work) const {
    return lab->router.inside(work);
  }
  template <class F>
  auto on_the_internet(F work) const {
    return lab->internet.inside(work);
  }
  std::unique_ptr<peer> destination(habit h, std::size_t family = 0, std::uint64_t amount = 0) const {
    return on_the_internet([&] { return std::make_unique<peer>(h, amount, on_the_net[family]); });
  }
  socket device_connects(const peer& to, std::size_t family = 0) const {
    return on_device([&] { return socket(on_the_net[family], to.port()); });
  }

  /// A program there, which knows nothing of proxies, gets a file.
  void expect_download(const network_place& place, std::size_t family,
                       const std::vector<std::string>& wrapper = {}) const {
    constexpr std::uint64_t size = 3'000'000;
    const auto web = on_the_internet([&] { return std::make_unique<origin>(on_the_net[family]); });
    const std::string body = (lab->files / "body").string();
    std::vector<std::string> command = wrapper;
    const std::vector<std::string> curl{
        "curl",       "-sS", "--fail", "--noproxy", "*",
        "--max-time", "20",  "-o",     "-",         web->url("/bytes/" + std::to_string(size))};
    command.insert(command.end(), curl.begin(), curl.end());
    const run_result got = place.inside([&command] { return run(command); });
    EXPECT_EQ(got.standard_error, "");
    sha256 hash;
    hash.update(std::as_bytes(std::span(got.standard_output)));
    EXPECT_EQ(hash.hex(), content_sha256(size)) << on_the_net[family];
    lab->client->expect("transparent .*:" + std::to_string(web->port()) + ": open");
  }

  /// A question of `asks` and its answer, which has to come from where it was asked.
  static void expect_answer(udp_socket& asks, udp_socket& answers, const std::string& at, const std::string& question) {
    asks.send(question, at, answers.port());
    const auto asked = answers.receive();
    ASSERT_TRUE(asked) << at;
    EXPECT_EQ(asked->payload, question);
    answers.send("re: " + question, asked->address, asked->port);
    const auto answered = asks.receive();
    ASSERT_TRUE(answered) << at;
    EXPECT_EQ(answered->payload, "re: " + question);
    EXPECT_EQ(answered->address, at);
    EXPECT_EQ(answered->port, answers.port());
  }
  std::unique_ptr<udp_socket> udp_there(std::size_t family, std::uint16_t port = 0) const {
    return on_the_internet([&] { return std::make_unique<udp_socket>(on_the_net[family], port); });
  }
  std::unique_ptr<udp_socket> udp_of_device(std::size_t family) const {
    return on_device([&] { return std::make_unique<udp_socket>(device_address[family]); });
  }

  std::unique_ptr<gateway_lab> lab;
};

std::string rest_of(socket& s, tail wanted) {
  std::string text;
  EXPECT_EQ(s.drain(text), wanted);
  return text;
}

// ---- a router ----

TEST_F(Gateway, ServesAMachineThatKnowsNoProxy) {
  start();
  for (const std::size_t family : {0U, 1U}) expect_download(lab->device, family);
}

TEST_F(Gateway, CarriesQuestionsToNameServers) {
  start();
  for (const std::size_t family : {0U, 1U}) {
    const auto names = udp_there(family, 53);
    for (int i = 0; i < 3; ++i) {  // each from a port of its own
      const auto asks = udp_of_device(family);
      expect_answer(*asks, *names, on_the_net[family], "name " + std::to_string(i));
    }
  }
}

TEST_F(Gateway, CarriesManyDatagramsOfOneFlowToSeveralPeers) {
  start();
  for (const std::size_t family : {0U, 1U}) {
    const auto one = udp_there(family), other = udp_there(family);
    const auto device = udp_of_device(family);
    for (int i = 0; i < 20; ++i)
      for (udp_socket* there : {one.get(), other.get()})
        expect_answer(*device, *there, on_the_net[family], std::string(1'200, static_cast<char>('a' + i)));
  }
}

TEST_F(Gateway, KeepsWhatComesBeforeTheAssociationIsOpen) {
  start();
  const auto device = udp_of_device(0), there = udp_there(0);
  for (const char* text : {"one", "two", "three"}) device->send(text, on_the_net[0], there->port());
  for (const char* text : {"one", "two", "three"}) {
    const auto arrived = there->receive();
    ASSERT_TRUE(arrived);
    EXPECT_EQ(arrived->payload, text);
  }
}

// The server may reach no such addresses: by the tunnel this would fail.
TEST_F(Gateway, LeavesTheNetworkOfItsOwnAlone) {
  start();
  for (const std::size_t family : {0U, 1U}) {
    const auto service = on_router([&] { return std::make_unique<peer>(habit::echo, 0, router_address[family]); });
    auto talk = on_device([&] { return socket(router_address[family], service->port()); });
    talk.send("hello");
    EXPECT_EQ(talk.receive(5), "hello");
    const auto device = udp_of_device(family);
    const auto there = on_router([&] { return std::make_unique<udp_socket>(router_address[family]); });
    expect_answer(*device, *there, router_address[family], "neighbour");
  }
}

TEST_F(Gateway, ServesTheProgramsOfTheRouterToo) {
  start();
  for (const std::size_t family : {0U, 1U}) {
    expect_download(lab->router, family);
    const auto there = udp_there(family);
    const auto here = on_router([&] { return std::make_unique<udp_socket>(family == 0 ? "0.0.0.0" : "::"); });
    expect_answer(*here, *there, on_the_net[family], "from the router");
    lab->client->expect("transparent udp of " + std::string(family == 0 ? "198.51.100.2" : "\\[2001:db8:1::2\\]"));
  }
}

TEST_F(Gateway, PassesEndsAndResetsOn) {
  start();
  const auto digests = destination(habit::digest);
  socket half = device_connects(*digests);
  half.send("all that I have to say");
  half.shutdown_send();
  sha256 hash;
  hash.update(std::as_bytes(std::span(std::string_view("all that I have to say"))));
  EXPECT_EQ(rest_of(half, tail::end), hash.hex());

  const auto resets = destination(habit::reset_after, 0, 5);
  socket cut = device_connects(*resets);
  cut.send("hello");
  rest_of(cut, tail::reset);

  const auto hears = destination(habit::listen);
  socket goes = device_connects(*hears);
  goes.send("x");
  ASSERT_TRUE(hears->wait([](const auto& all) { return !all.empty() && all[0].received == 1; }, 10s));
  goes.reset();
  EXPECT_TRUE(hears->wait([](const auto& all) { return all[0].over && all[0].reset; }, 10s));
}

TEST_F(Gateway, HearsDestinationsThatSpeakFirst) {
  start();
  const auto speaks = destination(habit::farewell, 1, 1'000);
  socket hears = device_connects(*speaks, 1);
  EXPECT_EQ(rest_of(hears, tail::end).size(), 1'000U);
}

TEST_F(Gateway, ResetsWhatIsRefusedThere) {
  start();
  const std::uint16_t closed = destination(habit::listen)->port();
  socket s = on_device([&] { return socket(on_the_net[0], closed); });
  rest_of(s, tail::reset);
}

TEST_F(Gateway, RefusesWhoeverIsNotSentByThePacketFilter) {
  start({"--transparent", "127.0.0.1:1081", "--transparent", router_address[0] + ":1082"});
  socket direct = on_router([] { return socket("127.0.0.1", 1081); });
  rest_of(direct, tail::reset);
  lab->client->expect("refusing what is meant for this machine itself");
  socket neighbour = on_device([] { return socket(router_address[0], 1082); });
  rest_of(neighbour, tail::reset);
  EXPECT_THROW(on_device([] { return socket(router_address[0], 1081); }), std::system_error) << "on loopback only";
  const auto device = udp_of_device(0), there = udp_there(0);
  device->send("straight to the port", router_address[0], 1082);
  expect_answer(*device, *there, on_the_net[0], "and by the rules");
}

// A connection past the tunnel would come back to the client, by the rules of `output`, had it not the mark.
TEST_F(Gateway, FollowsTheRulesForDestinations) {
  start({"--direct", on_the_net[0], "--block", on_the_net[1]});
  const auto echoes = destination(habit::echo);
  socket direct = device_connects(*echoes);
  direct.send("hello");
  EXPECT_EQ(direct.receive(5), "hello");
  lab->client->expect("transparent .*:" + std::to_string(echoes->port()) + ": open, direct");
  const auto device = udp_of_device(0), there = udp_there(0);
  expect_answer(*device, *there, on_the_net[0], "past the tunnel");
  device->send("from where?", on_the_net[0], there->port());
  EXPECT_EQ(there->receive().value().address, "198.51.100.2") << "the router";

  const auto forbidden = destination(habit::echo, 1);
  socket blocked = device_connects(*forbidden, 1);
  rest_of(blocked, tail::reset);
  const auto asks = udp_of_device(1), hears = udp_there(1);
  asks->send("blocked", on_the_net[1], hears->port());
  on_router([&] { stats_when(*lab->client, [](const auto& now) { return now["blocked"]["datagrams_total"] == 1; }); });
  EXPECT_FALSE(hears->receive(0ms));
}

// The test's own figures, and those of udp_places.hpp.
TEST_F(Gateway, HoldsAFewAssociationsOfAnAddressThatHasManyPorts) {
  start();
  const auto there = udp_there(0);
  std::vector<std::unique_ptr<udp_socket>> ports;
  for (int i = 0; i < 300; ++i) {
    ports.push_back(udp_of_device(0));
    ports.back()->send("x", on_the_net[0], there->port());
    ASSERT_TRUE(there->receive()) << i;
  }
  const auto known = on_router(
      [&] { return stats_when(*lab->client, [](const auto& now) { return now["tunnel"]["streams_active"] == 250; }); });
  EXPECT_EQ(known["tunnel"]["streams_total"], 300);
  expect_answer(*ports.back(), *there, on_the_net[0], "the last one");
  expect_answer(*ports.front(), *there, on_the_net[0], "the first one, again");
}

TEST_F(Gateway, RefusesAtOnceWhileTheTunnelIsDown) {
  start({"--connect-wait", "300ms"});
  const auto echoes = destination(habit::echo);
  lab->server->terminate();
  lab->client->expect("no bridge is up");
  socket waits = device_connects(*echoes);
  rest_of(waits, tail::reset);
  const auto device = udp_of_device(0), there = udp_there(0);
  device->send("nobody hears this", on_the_net[0], there->port());
  lab->client->expect("transparent udp of 192.168.77.2:\\d+: (?!open)");
  EXPECT_FALSE(there->receive(0ms));
}

TEST_F(Gateway, LetsNothingPastWhenTheClientIsGone) {
  start();
  EXPECT_EQ(lab->client->terminate().exit_code, 0);
  for (const std::size_t family : {0U, 1U}) {
    const auto echoes = destination(habit::echo, family);
    for (const network_place* from : {&lab->device, &lab->router}) try {
        from->inside([&] { return socket(on_the_net[family], echoes->port()); });
        ADD_FAILURE() << "a way around the tunnel";
      } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_refused) << error.what();
      }
    const auto there = udp_there(family);
    EXPECT_TRUE(on_device([&] { return udp_port_closes(on_the_net[family], there->port()); }));
    EXPECT_FALSE(there->receive(0ms));
  }
}

// ---- one machine ----

// root without its capabilities, as whom the client runs here; the programs are somebody else's.
const std::vector<std::string> powerless{"setpriv", "--bounding-set=-all", "--inh-caps=-all"};
const std::vector<std::string> somebody{"setpriv", "--reuid=65534", "--clear-groups"};

TEST_F(Gateway, ServesTheProgramsOfAMachineWithoutAnyCapability) {
  lab->make_machine("0", powerless);
  lab->client->expect("no UDP, and TCP by REDIRECT only: TPROXY takes CAP_NET_ADMIN or CAP_NET_RAW");
  lab->wait_for_tunnel();
  for (const std::size_t family : {0U, 1U}) expect_download(lab->router, family, somebody);
  const std::string log = lab->client->standard_error();
  const std::string once = "TCP by REDIRECT only";
  EXPECT_EQ(log.find(once), log.rfind(once)) << "of two listeners, and said once";
}

TEST_F(Gateway, SaysThatItMayNotAnswerFromLowPorts) {
  lab->start_client(documented("json", 1), {}, {"setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all,+net_raw"});
  lab->client->expect("no answers to UDP from ports below 1024, as of name servers: Permission denied; CAP_NET_BIND");
}

TEST_F(Gateway, TakesTheRulesOfIptablesToo) {
  if (!installed("iptables")) GTEST_SKIP() << "no iptables (Debian: iptables)";
  lab->run_script(std::regex_replace(documented("iptables", 0), std::regex("--uid-owner mtcp"), "--uid-owner 0"));
  lab->start_client(documented("json", 0), {}, powerless);
  lab->wait_for_tunnel();
  expect_download(lab->router, 0, somebody);
}

TEST_F(Gateway, TellsOfRulesThatTakeWhatItSends) {
  lab->make_machine("4711");
  lab->client->expect(
      "refusing what this client itself has sent; rules have to leave that out, by --mark or by its user");
}

TEST_F(Gateway, SaysThatItMayNotMark) {
  const std::vector<std::string> command{client_program,      "--key-file", lab->key, "--server",
                                         "198.51.100.1:8443", "--mark",     "77"};
  std::vector<std::string> all = powerless;
  all.insert(all.end(), command.begin(), command.end());
  const run_result ended = run(all);
  EXPECT_EQ(ended.end.exit_code, 77);
  EXPECT_NE(ended.standard_error.find("--mark 77: Operation not permitted (it takes CAP_NET_ADMIN"), std::string::npos)
      << ended.standard_error;
}

}  // namespace
}  // namespace mtcp::lab
