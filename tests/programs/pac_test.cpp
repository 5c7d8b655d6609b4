// The script for browsers, run by node, against the rules that it is made of.
#include "mtcp/proxy/pac.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "proxy/naive_rules.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::proxy {
namespace {

using document = nlohmann::json;

/// What the script answers to each {url, host}.
std::vector<std::string> answers(const std::vector<document>& cases) {
  const lab::temp_dir files;
  const std::string program =
      "const cases = JSON.parse(require('fs').readFileSync(process.argv[2]));\n"
      "const out = cases.map(({ script, asked }) => {\n"
      "  const find = new Function(`${script}; return FindProxyForURL`)();\n"
      "  return asked.map(([url, host]) => find(url, host));\n"
      "});\n"
      "console.log(JSON.stringify(out.flat()));\n";
  const lab::run_result said =
      lab::run({"node", files.write("run.js", program), files.write("cases.json", document(cases).dump())});
  EXPECT_EQ(said.end.exit_code, 0) << said.standard_error;
  return document::parse(said.standard_output, nullptr, false).get<std::vector<std::string>>();
}

std::string url_of(const std::string& host, std::uint16_t port) {
  const std::string authority = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port == 80) return "http://" + authority + "/a?b:81/c";
  if (port == 443) return "https://" + authority;
  return "http://" + authority + ":" + std::to_string(port) + "/";
}

class Pac : public testing::Test {
 protected:
  void SetUp() override {
    if (!lab::installed("node")) GTEST_SKIP() << "no node";
  }

  const core::target proxy{"192.0.2.7", 1080};
  const std::string through = "SOCKS5 192.0.2.7:1080; PROXY 192.0.2.7:1080";
};

TEST_F(Pac, SaysWhatIsNear) {
  const pac_options near{
      .loopback = true,
      .links = {{literal_bits("192.168.7.0").value(), 24}, {literal_bits("2001:db8:7::").value(), 64}}};
  const std::vector<std::string> direct{"127.0.0.1",   "127.9.9.9",       "::1",           "[::1]",
                                        "localhost",   "LocalHost",       "a.localhost.",  "::ffff:127.0.0.1",
                                        "192.168.7.1", "::ffff:c0a8:701", "2001:db8:7::1", "2001:DB8:7:0:ffff::1"};
  const std::vector<std::string> far{
      "128.0.0.1", "192.168.8.1",    "10.0.0.1", "fd00::1",    "::",        "::2",       "0.0.0.0",      "printer",
      "a.local",   "localhost.test", "127.1",    "2130706433", "1.2.3.4.5", "999.1.1.1", "2001:db8:8::1"};
  std::vector<document> asked;
  for (const auto* list : {&direct, &far})
    for (const std::string& host : *list) asked.push_back({"http://x/", host});
  const auto said = answers(
      {{{"script", proxy_pac(proxy, near)}, {"asked", asked}}, {{"script", proxy_pac(proxy, {})}, {"asked", asked}}});
  ASSERT_EQ(said.size(), 2 * asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(said[i], i < direct.size() ? "DIRECT" : through) << asked[i];
    EXPECT_EQ(said[asked.size() + i], through) << "--direct none: " << asked[i];
  }
}

TEST_F(Pac, AgreesWithTheRules) {
  std::vector<document> cases;
  std::vector<std::string> expected, told;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    route_table table;
    for (unsigned i = 0; i < seed % 30; ++i)
      table.add(test::random_rule(random), {.to = static_cast<route>(random() % 3)});
    std::vector<document> asked;
    for (int i = 0; i < 60; ++i) {
      const auto [host, port, over] = test::random_destination(random);
      const bool is_direct = table.find(host, port, transport::tcp).what.to == route::direct;
      asked.push_back({url_of(host, port), host});
      expected.emplace_back(is_direct ? "DIRECT" : through);
      told.push_back("seed " + std::to_string(seed) + ", " + host + ":" + std::to_string(port));
    }
    cases.push_back({{"script", proxy_pac(proxy, {.rules = &table})}, {"asked", asked}});
  }
  const auto said = answers(cases);
  ASSERT_EQ(said.size(), expected.size());
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], expected[i]) << told[i];
}

}  // namespace
}  // namespace mtcp::proxy
