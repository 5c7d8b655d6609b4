// Changing a running program through its endpoint: what works, and who may not.
#include <gtest/gtest.h>

#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using document = nlohmann::json;
using words = std::vector<std::string>;

/// The endpoint of one program.
class endpoint {
 public:
  explicit endpoint(process& of) : of_(of), where_(status_of(of)) {}

  document get(const std::string& path) const { return document::parse(fetch(of_, path)); }
  std::string token() const { return "X-Mtcp-Token: " + get("/api/controls")["token"].get<std::string>(); }
  /// The status of a POST with these header lines.
  std::string post(const std::string& path, const words& headers) const {
    words command{"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "http://" + where_ + path};
    for (const std::string& h : headers) command.insert(command.end(), {"-H", h});
    return run(command).standard_output;
  }
  const std::string& where() const { return where_; }

 private:
  process& of_;
  std::string where_;
};

class Controls : public testing::Test {
 protected:
  Controls() : halves(with_status({.bridges = 2})), client(halves.client()), server(halves.server()) {}
  static std::string at(const std::string& what, const document& tunnel, std::uint64_t id) {
    return "/api/" + what + "?session=" + tunnel["session"].get<std::string>() + "&id=" + std::to_string(id);
  }
  std::string bridge_state(std::uint64_t id) const {
    const document all = client.get("/api/stats");
    for (const auto& b : all["bridges"])
      if (b["id"] == id) return b["state"];
    return "";
  }

  peer listening{habit::listen};
  deployment halves;
  endpoint client, server;
};

TEST_F(Controls, CloseAStreamFromEitherEnd) {
  for (const bool from_client : {true, false}) {
    socket open = halves.stream_to("127.0.0.1", listening.port());
    const endpoint& end = from_client ? client : server;
    const document all = end.get("/api/stats");
    const document& tunnel = from_client ? all["tunnel"] : all["tunnels"][0];
    const document& streams = from_client ? all["streams"] : tunnel["streams"];
    ASSERT_EQ(streams.size(), 1U);
    const std::string path = at("streams/close", tunnel, streams[0]["id"].get<std::uint64_t>());
    EXPECT_EQ(end.post(path, {end.token()}), "204");
    std::string rest;
    EXPECT_EQ(open.drain(rest), tail::reset) << "an application must not take it for the end of a file";
    EXPECT_EQ(end.post(path, {end.token()}), "404");
  }
  EXPECT_TRUE(listening.wait([](const auto& v) { return v.size() == 2 && v[0].reset && v[1].reset; }, 20s));
}

TEST_F(Controls, DisableAndEnableABridge) {
  const document tunnel = client.get("/api/stats")["tunnel"];
  EXPECT_EQ(client.post(at("bridges/disable", tunnel, 1), {client.token()}), "204");
  for (const auto end = std::chrono::steady_clock::now() + 20s;
       bridge_state(1) != "disabled" && std::chrono::steady_clock::now() < end;) {
  }
  EXPECT_EQ(bridge_state(1), "disabled");
  EXPECT_EQ(client.post(at("bridges/enable", tunnel, 1), {client.token()}), "204");
  for (const auto end = std::chrono::steady_clock::now() + 20s;
       bridge_state(1) != "up" && std::chrono::steady_clock::now() < end;) {
  }
  EXPECT_EQ(bridge_state(1), "up");
  EXPECT_EQ(client.post("/api/bridges/disable?session=00000000&id=1", {client.token()}), "404") << "another session";
  EXPECT_EQ(server.get("/api/controls")["disable_bridge"], false) << "bridges are the client's";
}

TEST_F(Controls, ChangeAPath) {
  const auto path = [this] { return client.get("/api/stats")["tunnel"]["paths"][0]; };
  const auto reaches = [&](const auto& what) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;)
      if (what(path())) return true;
    return false;
  };
  std::string name;
  for (const char c : path()["name"].get<std::string>()) name += c == ' ' ? std::string("%20") : std::string(1, c);
  const auto change = [&](const std::string& role, const std::string& limit) {
    return client.post("/api/paths/change?name=" + name + "&role=" + role + "&rate_limit=" + limit, {client.token()});
  };
  EXPECT_EQ(change("never", "0"), "204");
  EXPECT_TRUE(reaches([](const document& p) { return p["role"] == "never" && p["bridges_up"] == 0; }));
  EXPECT_EQ(change("overflow", "5000000"), "204");
  EXPECT_TRUE(reaches([](const document& p) {
    return p["role"] == "overflow" && p["rate_limit"] == 5'000'000 && p["bridges_up"] == 2;
  }));
  EXPECT_EQ(client.post("/api/paths/change?name=other&role=never&rate_limit=0", {client.token()}), "404");
  EXPECT_EQ(client.post("/api/paths/change?name=" + name + "&role=never&rate_limit=0", {}), "403");
  EXPECT_EQ(server.get("/api/controls")["change_path"], false) << "paths are the client's";
}

TEST_F(Controls, AreNotForOthers) {
  const socket open = halves.stream_to("127.0.0.1", listening.port());
  const document all = client.get("/api/stats");
  const std::string close = at("streams/close", all["tunnel"], all["streams"][0]["id"].get<std::uint64_t>());
  const std::string disable = at("bridges/disable", all["tunnel"], 1);
  const std::string token = client.token();
  for (const std::string& path : {close, disable}) {
    EXPECT_EQ(client.post(path, {}), "403");
    EXPECT_EQ(client.post(path, {"X-Mtcp-Token:"}), "403");
    EXPECT_EQ(client.post(path, {"X-Mtcp-Token: " + std::string(32, '0')}), "403");
    EXPECT_EQ(client.post(path, {server.token()}), "403") << "every program has its own";
    EXPECT_EQ(client.post(path, {token, "Origin: http://evil.example"}), "403");
    EXPECT_EQ(client.post(path, {token, "Origin: null"}), "403");
    EXPECT_EQ(client.post(path, {token, "Origin: http://" + server.where()}), "403") << "another port";
    EXPECT_EQ(client.post(path, {token, "Host: evil.example"}), "421");
    EXPECT_EQ(client.post(path, {token, "Host: evil.example", "Origin: http://evil.example"}), "421") << "rebinding";
  }
  EXPECT_EQ(
      run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://" + client.where() + close}).standard_output,
      "404")
      << "GET changes nothing";
  EXPECT_EQ(bridge_state(1), "up");
  EXPECT_EQ(client.get("/api/stats")["streams"].size(), 1U);
  EXPECT_EQ(client.post(disable, {token, "Origin: http://" + client.where()}), "204") << "the page itself";
}

// Over a line that all connections share, which is found out soon.
TEST(LineTestOfAClient, TellsWhatItFindsBesideOtherTraffic) {
  const double line = 2e6 * machine_speed;
  deployment halves(with_status({.lines = {.rate_of_all = line, .delay = 5ms}, .bridges = 2}));
  const endpoint client(halves.client());
  const origin web;
  EXPECT_EQ(client.get("/api/test")["running"], false);
  EXPECT_EQ(client.post("/api/test", {}), "403");
  EXPECT_EQ(client.post("/api/test", {client.token()}), "204");
  EXPECT_EQ(client.post("/api/test", {client.token()}), "409") << "one at a time";
  document told = client.get("/api/test");
  EXPECT_EQ(told["running"], true);
  EXPECT_TRUE(transfer::download(halves, web.url(""), static_cast<std::uint64_t>(line / 2)).finish().intact);
  const auto give_up = std::chrono::steady_clock::now() + 100s;
  while (told["running"] == true && std::chrono::steady_clock::now() < give_up) told = client.get("/api/test");
  ASSERT_TRUE(told.contains("result")) << told;
  const std::string text = told["text"].dump();
  EXPECT_NE(text.find("of other traffic"), std::string::npos) << text;
  if (machine_speed != 1) return;  // sanitizers have a say of their own in what a line carries
  EXPECT_EQ(told["result"]["down"]["network"], "shared-line") << told;
  EXPECT_NE(text.find("more bridges add nothing"), std::string::npos) << text;
}

TEST(LineTestOfAClient, EndsWithTheClient) {
  deployment halves(with_status({.lines = {.rate_of_all = 1e6}, .bridges = 2}));
  const endpoint client(halves.client());
  EXPECT_EQ(client.post("/api/test", {client.token()}), "204");
  EXPECT_EQ(halves.client().terminate(6s).exit_code, 0) << "it does not wait for the test";
}

}  // namespace
}  // namespace mtcp::lab
