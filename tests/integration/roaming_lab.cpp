#include "integration/roaming_lab.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/private_network.hpp"

namespace mtcp::lab {
namespace {

std::string network_of(int number) { return "10.9." + std::to_string(number); }

}  // namespace

std::vector<std::string> paths_in(const nlohmann::json& stats) {
  std::vector<std::string> names;
  for (const auto& path : stats["tunnel"]["paths"]) names.push_back(path["name"]);
  return names;
}

std::string roaming_lab::missing() {
  return private_network::possible() ? "" : "no network namespaces (they take root, and ip of iproute2)";
}

roaming_lab::roaming_lab() {
  internet.add_address(std::string(server_address) + "/32", "lo");
  server = internet.inside([this] {
    return std::make_unique<process>(std::vector<std::string>{
        server_program, "--key-file", key, "--listen", "0.0.0.0:8443", "--allow", server_address, "--status", "none"});
  });
  server->expect("listening bridges");
}

void roaming_lab::plug_in(const std::string& interface, int number) const {
  const std::string other_end = "net" + std::to_string(number);
  join(machine, interface, internet, other_end);
  internet.add_address(network_of(number) + ".1/24", other_end);
  machine.add_address(network_of(number) + ".2/24", interface);
}

void roaming_lab::add_default_route(const std::string& interface, int number, int metric) const {
  machine.ip("route add default via " + network_of(number) + ".1 dev " + interface + " metric " +
             std::to_string(metric));
}

void roaming_lab::start_client(const std::vector<std::string>& options) {
  std::vector<std::string> command{client_program,   "--key-file", key,          "--socks",
                                   "127.0.0.1:1080", "--status",   "127.0.0.1:0"};
  command.insert(command.end(), options.begin(), options.end());
  client = machine.inside([&command] { return std::make_unique<process>(command); });
  client->expect("listening socks");
}

nlohmann::json roaming_lab::stats() const {
  return machine.inside([this] { return lab::stats(*client); });
}

nlohmann::json roaming_lab::stats_when(const std::function<bool(const nlohmann::json&)>& is_so) const {
  return machine.inside([&] { return lab::stats_when(*client, is_so); });
}

nlohmann::json roaming_lab::wait_for_paths(const std::vector<std::string>& names) const {
  const auto complete = [](const nlohmann::json& path) { return path["bridges_up"] == path["bridges_wanted"]; };
  return stats_when([&](const nlohmann::json& now) {
    const auto& paths = now["tunnel"]["paths"];
    return std::ranges::is_permutation(paths_in(now), names) && std::all_of(paths.begin(), paths.end(), complete);
  });
}

socket roaming_lab::stream_to(std::uint16_t port) const {
  socket s = machine.inside([] { return socket("127.0.0.1", 1080); });
  EXPECT_EQ(socks_connect(s, server_address, port).code, 0);
  return s;
}

}  // namespace mtcp::lab
