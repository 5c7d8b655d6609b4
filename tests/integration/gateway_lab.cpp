#include "integration/gateway_lab.hpp"

#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "support/private_network.hpp"

namespace mtcp::lab {
namespace {

/// root with the capabilities of the document's unit alone, as whom the client runs here.
std::vector<std::string> as_the_unit() {
  std::smatch line;
  const std::string unit = documented("ini", 1);
  if (!std::regex_search(unit, line, std::regex("AmbientCapabilities=(.*)"))) throw std::runtime_error(unit);
  std::string set = "-all";
  std::istringstream words(line[1]);
  for (std::string name; words >> name;) set += ",+" + name.substr(4);  // without CAP_
  return {"setpriv", "--bounding-set=" + set, "--inh-caps=" + set, "--no-new-privs"};
}

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

std::string documented(const std::string& language, std::size_t number) {
  const std::string text = text_of(MTCP_GATEWAY_DOCUMENT);
  const std::string opening = "\n```" + language + "\n";
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= number && begin != std::string::npos; ++i) begin = text.find(opening, begin + 1);
  if (begin == std::string::npos) throw std::runtime_error("GATEWAY.md has no such block: " + language);
  begin += opening.size();
  return text.substr(begin, text.find("\n```", begin) - begin) + "\n";
}

std::string gateway_lab::missing() {
  if (!private_network::possible()) return "no network namespaces (they take root, and ip of iproute2)";
  if (!installed("nft")) return "no nft (Debian: nftables)";
  const temp_dir files;
  const network_place alone;
  const std::string rules = files.write("rules", documented("nft", 1));
  const run_result loaded = alone.inside([&rules] { return run({"nft", "-f", rules}); });
  return loaded.end.exit_code == 0 ? "" : "no TPROXY in this kernel: " + loaded.standard_error;
}

gateway_lab::gateway_lab() {
  join(router, "lan0", device, "eth0");
  join(router, "wan0", internet, "wan0");
  for (const std::string& here : on_the_net) internet.add_address(here, "lo");
  internet.add_address("198.51.100.1/24", "wan0");
  internet.add_address("2001:db8:1::1/64", "wan0");
  router.add_address("198.51.100.2/24", "wan0");
  router.add_address("2001:db8:1::2/64", "wan0");
  router.add_address(router_address[0] + "/24", "lan0");
  router.add_address(router_address[1] + "/64", "lan0");
  router.ip("route add default via 198.51.100.1");
  router.ip("-6 route add default via 2001:db8:1::1");
  device.add_address(device_address[0] + "/24", "eth0");
  device.add_address(device_address[1] + "/64", "eth0");
  device.ip("route add default via " + router_address[0]);
  device.ip("-6 route add default via " + router_address[1]);
  server = internet.inside([this] {
    return std::make_unique<process>(std::vector<std::string>{server_program, "--key-file", key, "--listen",
                                                              "198.51.100.1:8443", "--allow", on_the_net[0], "--allow",
                                                              on_the_net[1], "--status", "none"});
  });
  server->expect("listening bridges");
}

void gateway_lab::load_rules(const std::string& text) const {
  const std::string file = files.write("rules.nft", text);
  const run_result done = router.inside([&file] { return run({"nft", "-f", file}); });
  if (done.end.exit_code != 0) throw std::runtime_error("nft: " + done.standard_error);
}

void gateway_lab::run_script(const std::string& text) const {
  const std::string script = files.write("script", text);
  const run_result done = router.inside([&script] { return run({"sh", "-e", script}); });
  if (done.end.exit_code != 0) throw std::runtime_error(text + done.standard_error);
}

void gateway_lab::make_router(const std::vector<std::string>& more) {
  load_rules(documented("nft", 1));
  run_script(documented("sh", 0));
  start_client(documented("json", 1), more, as_the_unit());
}

void gateway_lab::make_machine(const std::string& user, const std::vector<std::string>& wrapper) {
  load_rules(std::regex_replace(documented("nft", 0), std::regex("define CLIENT = mtcp"), "define CLIENT = " + user));
  start_client(documented("json", 0), {}, wrapper);
}

void gateway_lab::start_client(const std::string& settings, const std::vector<std::string>& more,
                               const std::vector<std::string>& wrapper) {
  std::vector<std::string> command = wrapper;
  const std::vector<std::string> own{
      client_program, "--key-file",        key,           "--config",    files.write("client.json", settings),
      "--server",     "198.51.100.1:8443", "--bridges",   "2",           "--socks",
      "none",         "--status",          "127.0.0.1:0", "--log-level", "debug"};
  command.insert(command.end(), own.begin(), own.end());
  command.insert(command.end(), more.begin(), more.end());
  client = router.inside([&command] { return std::make_unique<process>(command); });
}

}  // namespace mtcp::lab
