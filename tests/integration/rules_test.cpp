// --direct and --block in the real client: what goes past the tunnel, what goes nowhere, and what both look like.
#include <gtest/gtest.h>

#include <csignal>

#include "integration/associated.hpp"
#include "integration/deployment.hpp"
#include "integration/http_talk.hpp"
#include "integration/status.hpp"
#include "support/content.hpp"
#include "support/peer.hpp"
#include "support/private_network.hpp"
#include "support/scripted.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {
namespace {

using words = std::vector<std::string>;
using document = nlohmann::json;

constexpr int not_allowed = 2, unreachable = 3;  // reply codes

/// env(1) takes out what makes all others of these tests go through the tunnel.
words with_defaults() { return {"env", "-u", "MTCP_DIRECT"}; }

/// A client whose server is not there.
class lone_client {
 public:
  explicit lone_client(const words& options = {}, const std::string& listen = "127.0.0.1:0") {
    words command = with_defaults();
    command.insert(command.end(), {client_program, "--key-file", make_key(files), "--server", "127.0.0.1:1", "--socks",
                                   listen, "--status", "127.0.0.1:0", "--connect-wait", "1ms"});
    command.insert(command.end(), options.begin(), options.end());
    program = std::make_unique<process>(command);
    port = static_cast<std::uint16_t>(std::stoul(program->expect("listening socks .*:(\\d+)").at(1)));
  }

  int ask(const std::string& host, std::uint16_t to, const std::string& from = "127.0.0.1") const {
    socket s(from, port);
    return socks_connect(s, host, to).code;
  }
  /// What the proxy says to `request` until it closes.
  std::string answer(const std::string& request) const {
    socket s("127.0.0.1", port);
    s.send(request);
    std::string text;
    s.drain(text);
    return text;
  }

  temp_dir files;
  std::unique_ptr<process> program;
  std::uint16_t port = 0;
};

std::string curl(const lone_client& by, const std::string& scheme, const std::string& url) {
  return run({"curl", "-sS", "--fail", "-x", scheme + "://127.0.0.1:" + std::to_string(by.port), "--noproxy", "", url})
      .standard_output;
}

TEST(Direct, WorksWithoutATunnel) {
  const origin web;
  const lone_client client;
  const std::string wanted = content_sha256(100'000);
  const auto digest = [&client](const std::string& scheme, const std::string& url) {
    const std::string file = client.files.write("body", curl(client, scheme, url));
    return file_sha256(file);
  };
  for (const char* scheme : {"socks4", "socks4a", "socks5", "socks5h", "http"})
    EXPECT_EQ(digest(scheme, web.url("/bytes/100000")), wanted) << scheme;
  const peer echo(habit::echo), six(habit::echo, 0, "::1");
  EXPECT_EQ(client.ask("localhost", echo.port()), 0);
  EXPECT_EQ(client.ask("::1", six.port()), 0);
  EXPECT_EQ(client.ask("::ffff:127.0.0.1", echo.port()), 0);
  const std::uint16_t closed = peer(habit::listen).port();
  EXPECT_EQ(status_of(client.answer(connect_to(closed))), 502);
  EXPECT_EQ(client.ask("198.51.100.1", 80), unreachable) << "that is for the tunnel";
}

TEST(Direct, IsSwitchedOff) {
  const peer echo(habit::echo);
  EXPECT_EQ(lone_client({"--direct", "none"}).ask("127.0.0.1", echo.port()), unreachable);
  EXPECT_EQ(lone_client({"--tunnel", "127.0.0.0/8"}).ask("127.0.0.1", echo.port()), unreachable);
  EXPECT_EQ(lone_client({"--direct", "none", "--direct", "127.0.0.1"}).ask("127.0.0.1", echo.port()), 0);
}

TEST(Direct, CarriesEndsAndResets) {
  const lone_client client;
  const peer digest(habit::digest), rude(habit::reset_after, 5);
  socket s("127.0.0.1", client.port);
  s.send(connect_to(digest.port()) + std::string(100'000, 'x'));  // ahead of the answer
  s.shutdown_send();
  EXPECT_EQ(status_of(read_head(s)), 200);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(digest.visits().at(0).received, 100'000U);
  socket t("127.0.0.1", client.port);
  ASSERT_EQ(socks_connect(t, "127.0.0.1", rude.port()).code, 0);
  t.send("hello");
  EXPECT_EQ(t.drain(text), tail::reset);
}

TEST(Direct, ForwardsAlwaysGoThroughTheTunnel) {
  const peer echo(habit::echo);
  const lone_client client({"--forward", "127.0.0.1:0=127.0.0.1:" + std::to_string(echo.port())});
  const auto port = client.program->expect("listening forward .*:(\\d+)").at(1);
  socket s("127.0.0.1", static_cast<std::uint16_t>(std::stoul(port)));
  std::string text;
  EXPECT_EQ(s.drain(text), tail::reset);
  EXPECT_TRUE(echo.visits().empty());
}

TEST(Direct, IsCancelledWithItsApplicationAndWithTheProgram) {
  const peer listening(habit::listen);
  const lone_client client;
  socket open("127.0.0.1", client.port);
  ASSERT_EQ(socks_connect(open, "127.0.0.1", listening.port()).code, 0);
  client.program->send_signal(SIGTERM);
  const ending end = client.program->wait(15s);
  EXPECT_EQ(end.exit_code, 0);
  std::string text;
  EXPECT_EQ(open.drain(text), tail::reset) << "after its 7 seconds";
}

TEST(Blocked, IsToldInEveryProtocol) {
  const lone_client client({"--block", ".ads.test", "--block", "127.0.0.0/8", "--block", "tcp:25"});
  const peer echo(habit::echo);
  EXPECT_EQ(client.ask("127.0.0.1", echo.port()), not_allowed);
  EXPECT_EQ(client.ask("WWW.ads.test.", 443), not_allowed);
  EXPECT_EQ(client.ask("other.test", 25), not_allowed);
  EXPECT_EQ(client.ask("other.test", 26), unreachable);
  const std::string reply = client.answer(octets({4, 1, 0, 80, 127, 0, 0, 1, 0}));
  EXPECT_EQ(reply.substr(0, 2), octets({0, 0x5b}));
  for (const std::string& request : {connect_to(443, "a.ads.test"), get("a.ads.test")}) {
    const std::string text = client.answer(request);
    EXPECT_EQ(status_of(text), 403);
    EXPECT_TRUE(has(text, "mtcp: blocked by the rule --block .ads.test\n")) << text;
  }
  EXPECT_TRUE(echo.visits().empty());
  const document s = stats(*client.program);
  EXPECT_EQ(s["blocked"]["connections_total"], 6);
  EXPECT_EQ(s["direct"]["connections_total"], 0);
}

TEST(Blocked, IsToldBeforeFastOpenSaysYes) {
  const lone_client client({"--fast-open", "--block", "ads.test"});
  EXPECT_EQ(client.ask("ads.test", 80), not_allowed);
  EXPECT_EQ(client.ask("other.test", 80), 0) << "the tunnel will tell";
}

TEST(Direct, IsShownAndReset) {
  const peer echo(habit::echo);
  const lone_client client;
  socket open("127.0.0.1", client.port);
  ASSERT_EQ(socks_connect(open, "127.0.0.1", echo.port()).code, 0);
  open.send("hello");
  EXPECT_EQ(open.receive(5), "hello");
  const document s = stats(*client.program);
  EXPECT_EQ(s["direct"]["connections_active"], 1);
  EXPECT_EQ(s["direct"]["bytes_up"], 5);
  EXPECT_EQ(s["direct"]["bytes_down"], 5);
  EXPECT_EQ(s["tunnel"]["bytes_up"], 0);
  ASSERT_EQ(s["streams"].size(), 1U);
  EXPECT_EQ(s["streams"][0]["direct"], true);
  EXPECT_EQ(s["streams"][0]["target"], "127.0.0.1:" + std::to_string(echo.port()));
  const std::string metrics = fetch(*client.program, "/metrics");
  EXPECT_TRUE(has(metrics, "\nmtcp_direct_connections 1\n"));
  EXPECT_TRUE(has(metrics, "\nmtcp_direct_bytes_total{direction=\"up\"} 5\n"));
  const std::string token = document::parse(fetch(*client.program, "/api/controls"))["token"];
  const std::string path = "/api/streams/close?session=direct&id=" + std::to_string(s["streams"][0]["id"].get<int>());
  const auto close = [&] {
    return run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", "X-Mtcp-Token: " + token,
                "http://" + status_of(*client.program) + path})
        .standard_output;
  };
  EXPECT_EQ(close(), "204");
  std::string text;
  EXPECT_EQ(open.drain(text), tail::reset);
  stats_when(*client.program, [](auto& now) { return now["direct"]["connections_active"] == 0; });
  EXPECT_EQ(close(), "404");
}

TEST(Rules, AreReadAgain) {
  const peer echo(habit::echo);
  const temp_dir files;
  const std::string list = files.write("list", "# nothing yet\n");
  const lone_client client({"--block", "@" + list});
  const auto reload = [&client](const std::string& answer) {
    const std::size_t before = client.program->lines();
    client.program->send_signal(SIGHUP);
    client.program->expect(answer, 15s, before);
  };
  socket open("127.0.0.1", client.port);
  ASSERT_EQ(socks_connect(open, "127.0.0.1", echo.port()).code, 0);
  files.write("list", "127.0.0.0/8\n");
  reload("settings read again");
  EXPECT_EQ(client.ask("127.0.0.1", echo.port()), not_allowed);
  files.write("list", "\n10.0.0.0/33\n");
  reload("list': line 2: '10.0.0.0/33'.*stays as it was");
  EXPECT_EQ(client.ask("127.0.0.1", echo.port()), not_allowed);
  files.write("list", "");
  reload("settings read again");
  EXPECT_EQ(client.ask("127.0.0.1", echo.port()), 0);
  open.send("x");
  EXPECT_EQ(open.receive(1), "x") << "what was open goes on";
}

TEST(Rules, ArePrinted) {
  const temp_dir files;
  const std::string list = files.write("list", "a.test\nb.test\n");
  const run_result said = run({client_program, "check", "--key-file", make_key(files), "--server", "a", "--direct",
                               "none", "--direct", "10.0.0.0/8", "--block", "@" + list});
  EXPECT_TRUE(has(said.standard_output, "direct      nothing by default\n")) << said.standard_output;
  EXPECT_TRUE(has(said.standard_output, "direct      10.0.0.0/8\n")) << said.standard_output;
  EXPECT_TRUE(has(said.standard_output, "block       @" + list + " (2 rules)\n")) << said.standard_output;
  const run_result wrong =
      run({client_program, "check", "--key-file", (files / "key").string(), "--server", "a", "--block", "10.0.0.1/8"});
  EXPECT_EQ(wrong.end.exit_code, 64);
  EXPECT_TRUE(has(wrong.standard_error, "--block: '10.0.0.1/8': bits behind")) << wrong.standard_error;
}

TEST(Env, LeadsProgramsToTheProxy) {
  const lone_client client({"--block", "ads.test"});
  const std::string lines = std::string("$(") + client_program + " env --socks :" + std::to_string(client.port) + ")";
  const run_result said = run({"sh", "-c", "eval \"" + lines + "\"; curl -sS http://ads.test/"});
  EXPECT_TRUE(has(said.standard_output, "blocked by the rule --block ads.test")) << said.standard_error;
  const std::string undone = std::string("$(") + client_program + " env --unset)";
  const run_result gone = run({"sh", "-c", "eval \"" + lines + "\"; eval \"" + undone + "\"; env"});
  for (const char* name : {"all_proxy=", "HTTPS_PROXY="}) EXPECT_FALSE(has(gone.standard_output, name));
}

// The server allows nothing, so what arrives went past it.
TEST(Rules, HoldForDatagrams) {
  udp_socket four, six("::1"), blocked, application;
  deployment halves(with_status({.server_options = {},
                                 .client_options = {"--block", "udp:" + std::to_string(blocked.port())},
                                 .client_wrapper = with_defaults()}));
  const associated a(halves);
  a.send(application, "127.0.0.1", blocked.port(), "x");  // a rule before the default
  for (const auto& [to, host, source] :
       {std::tuple{&four, "127.0.0.1", "127.0.0.1"}, std::tuple{&six, "localhost", "::1"}}) {
    a.send(application, host, to->port(), "question");
    const auto asked = to->receive();
    ASSERT_TRUE(asked) << host;
    EXPECT_EQ(asked->payload, "question");
    to->send("answer", asked->address, asked->port);
    const auto answered = application.receive();
    ASSERT_TRUE(answered) << host;
    EXPECT_EQ(answered->payload, octets({0, 0, 0}) + socks_address(source, to->port()) + "answer");
  }
  EXPECT_FALSE(blocked.receive(0ms));
  const document s = stats(halves.client());
  EXPECT_EQ(s["direct"]["datagrams_total"], 4);
  EXPECT_EQ(s["direct"]["bytes_up"], 16);
  EXPECT_EQ(s["direct"]["bytes_down"], 12);
  EXPECT_EQ(s["blocked"]["datagrams_total"], 1);
}

/// Applications whose connections do not come from loopback: for all that the client can tell, of another machine.
class OtherMachines : public testing::Test {
 protected:
  void SetUp() override {
    if (!private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside = std::make_unique<private_network>(words{own + "/32", own_six + "/128"});
  }

  const std::string own = "192.0.2.1", own_six = "2001:db8::1";
  const words everything{"--socks-open", "--direct", "0.0.0.0/0", "--direct", "::/0", "--direct", "localhost"};
  const words destinations{
      own,     "127.0.0.1", "127.7.7.7", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:" + own, "::192.0.2.1",
      own_six, "::1",       "localhost", "::"};
  std::unique_ptr<private_network> inside;
};

TEST_F(OtherMachines, DoNotReachThisOne) {
  const peer four(habit::echo, 0, "0.0.0.0"), six(habit::echo, 0, "::");
  const lone_client client(everything, "0.0.0.0:0");
  for (const peer* service : {&four, &six})
    for (const std::string& host : destinations) EXPECT_EQ(client.ask(host, service->port(), own), not_allowed) << host;
  EXPECT_EQ(client.ask(own, four.port()), 0) << "programs of this machine do";
  EXPECT_EQ(client.ask("127.0.0.1", four.port()), 0);
  EXPECT_TRUE(four.wait([](const auto& all) { return all.size() == 2; }, 10s));
  EXPECT_TRUE(six.visits().empty());
}

TEST_F(OtherMachines, AreLeftToTheTunnelByDefault) {
  const peer four(habit::echo, 0, "0.0.0.0");
  const lone_client client({"--socks-open"}, "0.0.0.0:0");
  for (const std::string& host : destinations) EXPECT_EQ(client.ask(host, four.port(), own), unreachable) << host;
  EXPECT_TRUE(four.visits().empty());
}

TEST_F(OtherMachines, DoNotReachThisOneByDatagrams) {
  udp_socket four("0.0.0.0"), six("::"), application(own);
  words options = everything;
  options.insert(options.end(), {"--socks", "0.0.0.0:0"});
  deployment halves({.client_options = options, .client_wrapper = with_defaults()});
  const auto port = halves.client().expect("listening socks 0\\.0\\.0\\.0:(\\d+)").at(1);
  socket control(own, static_cast<std::uint16_t>(std::stoul(port)));
  control.send(octets({5, 1, 0}) + octets({5, 3, 0}) + socks_address("0.0.0.0", 0));
  const std::string reply = control.receive(12).substr(2);
  ASSERT_EQ(reply.size(), 10U);
  const auto relay =
      static_cast<std::uint16_t>(static_cast<unsigned char>(reply[8]) << 8 | static_cast<unsigned char>(reply[9]));
  for (const udp_socket* service : {&four, &six})
    for (const std::string& host : destinations)
      application.send(octets({0, 0, 0}) + socks_address(host, service->port()) + "x", own, relay);
  const associated here(halves);
  udp_socket program;
  here.send(program, own, four.port(), "y");
  here.send(program, "::1", six.port(), "y");
  EXPECT_EQ(four.receive().value().payload, "y") << "programs of this machine do";
  EXPECT_EQ(six.receive().value().payload, "y");
  EXPECT_FALSE(four.receive(0ms));
  EXPECT_FALSE(six.receive(0ms));
}

}  // namespace
}  // namespace mtcp::lab
