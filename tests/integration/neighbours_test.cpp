// What is direct by default, with real machines: the router of a network at home and a second machine there are reached
// directly, and everything else through the tunnel.
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/content.hpp"
#include "support/network_place.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"
#include "support/private_network.hpp"

namespace mtcp::lab {
namespace {

using words = std::vector<std::string>;

constexpr std::uint64_t size = 300'000;
const std::string router_address[] = {"192.168.7.1", "fd07::1"};
const std::string machine_address[] = {"192.168.7.2", "fd07::2"};
const std::string neighbour_address[] = {"192.168.7.9", "fd07::9"};
const std::string server_address = "203.0.113.10";  // and that of destinations beyond the router

/// A network at home: a router, the machine with mtcp-client on it, and another one; and the internet behind the
/// router, which knows of none of them but the router.
class home {
 public:
  static std::string missing() {
    if (!private_network::possible()) return "no network namespaces (they take root, and ip of iproute2)";
    const network_place alone;
    try {
      alone.ip("link add br0 type bridge");
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  home() {
    router.ip("link add br0 type bridge");
    router.ip("link set br0 up");
    put_in(machine, "lan1", machine_address);
    put_in(neighbour, "lan2", neighbour_address);
    for (const std::string& address : router_address) router.add_address(address + prefix_of(address), "br0");
    join(router, "wan0", internet, "net0");
    router.add_address("198.51.100.2/24", "wan0");
    internet.add_address("198.51.100.1/24", "net0");
    internet.add_address(server_address + "/32", "lo");
    internet.ip("route add 192.168.7.0/24 via 198.51.100.2");
    router.ip("route add default via 198.51.100.1");
    router.inside([] { return run({"sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"}); });
    server = internet.inside([this] {
      return std::make_unique<process>(words{server_program, "--key-file", key, "--listen", "0.0.0.0:8443", "--allow",
                                             server_address, "--status", "none"});
    });
    server->expect("listening bridges");
    client = machine.inside([this] {
      return std::make_unique<process>(words{"env", "-u", "MTCP_DIRECT", client_program, "--key-file", key, "--server",
                                             server_address + ":8443", "--bridges", "2", "--socks", "0.0.0.0:1080",
                                             "--socks-open", "--status", "127.0.0.1:0"});
    });
    client->expect("tunnel up");
  }

  network_place router, machine, neighbour, internet;
  temp_dir files;
  std::string key = make_key(files);
  std::unique_ptr<process> server, client;

 private:
  static std::string prefix_of(const std::string& address) {
    return address.find(':') == std::string::npos ? "/24" : "/64";
  }
  void put_in(const network_place& which, const std::string& port, const std::string (&addresses)[2]) const {
    join(router, port, which, "eth0");
    router.ip("link set " + port + " master br0");
    for (const std::string& address : addresses) which.add_address(address + prefix_of(address), "eth0");
    which.ip("route add default via " + router_address[0]);
  }
};

class Neighbours : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string missing = home::missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    lab = std::make_unique<home>();
  }

  std::unique_ptr<origin> page_at(const network_place& place, const std::string& address) const {
    return place.inside([&] { return std::make_unique<origin>(address); });
  }
  /// What a program there gets through the proxy on the machine.
  void expect_page(const network_place& from, const std::string& proxy, const origin& web) const {
    const run_result got = from.inside([&] {
      return run({"curl", "-sS", "--fail", "--noproxy", "", "--max-time", "20", "-x", proxy,
                  web.url("/bytes/" + std::to_string(size))});
    });
    sha256 hash;
    hash.update(std::as_bytes(std::span(got.standard_output)));
    EXPECT_EQ(hash.hex(), content_sha256(size)) << web.url("") << " by " << proxy << ": " << got.standard_error;
  }
  void expect_counts(int direct, int tunnelled) const {
    lab->machine.inside([&] {
      return stats_when(*lab->client, [&](const nlohmann::json& now) {
        return now["direct"]["connections_total"] == direct && now["tunnel"]["streams_total"] == tunnelled;
      });
    });
  }

  std::unique_ptr<home> lab;
};

TEST_F(Neighbours, AreReachedDirectly) {
  int direct = 0;
  for (const std::string& address : neighbour_address) {
    const auto page = page_at(lab->neighbour, address);
    for (const char* proxy : {"socks5h://127.0.0.1:1080", "http://127.0.0.1:1080"}) {
      expect_page(lab->machine, proxy, *page);
      expect_counts(++direct, 0);
    }
  }
  for (const std::string& address : router_address) {
    const auto page = page_at(lab->router, address);
    expect_page(lab->machine, "socks5h://127.0.0.1:1080", *page);
    expect_counts(++direct, 0);
  }
}

TEST_F(Neighbours, AreTheOnlyOnesThatAre) {
  const auto page = page_at(lab->internet, server_address);
  expect_page(lab->machine, "socks5h://127.0.0.1:1080", *page);
  expect_counts(0, 1);
  // On no link of this machine, though its router would lead there.
  const auto beside = page_at(lab->internet, "198.51.100.1");
  const run_result refused = lab->machine.inside([&] {
    return run({"curl", "-sS", "-x", "socks5h://127.0.0.1:1080", "--max-time", "20", beside->url("/bytes/1")});
  });
  EXPECT_NE(refused.end.exit_code, 0) << "the server reaches no address of its own";
  expect_counts(0, 2);
}

// The proxy is open to its link: who comes from there has the same ways, and none to the machine itself.
TEST_F(Neighbours, MayUseTheProxyForTheirLink) {
  const std::string proxy = "socks5h://" + machine_address[0] + ":1080";
  expect_page(lab->neighbour, proxy, *page_at(lab->router, router_address[0]));
  expect_counts(1, 0);
  expect_page(lab->neighbour, proxy, *page_at(lab->internet, server_address));
  expect_counts(1, 1);
  const auto own = page_at(lab->machine, machine_address[0]);
  const run_result refused = lab->neighbour.inside([&] {
    return run({"curl", "-sS", "-x", proxy, "--max-time", "20", own->url("/bytes/1")});
  });
  EXPECT_NE(refused.end.exit_code, 0);
}

// A link that the machine gets while the client runs: the next question is answered by it.
TEST_F(Neighbours, OfANewLinkAreReachedDirectlyToo) {
  join(lab->machine, "eth1", lab->neighbour, "eth1");
  lab->machine.add_address("10.44.0.1/24", "eth1");
  lab->neighbour.add_address("10.44.0.2/24", "eth1");
  const auto page = page_at(lab->neighbour, "10.44.0.2");
  const auto ask = [&] {
    return lab->machine.inside([&] {
      return run({"curl", "-sS", "--fail", "--noproxy", "", "-x", "socks5h://127.0.0.1:1080", "--max-time", "20",
                  page->url("/bytes/1")});
    });
  };
  const auto end = std::chrono::steady_clock::now() + 20s;  // interfaces are asked every two seconds
  run_result got = ask();
  while (got.end.exit_code != 0 && std::chrono::steady_clock::now() < end) got = ask();
  EXPECT_EQ(got.end.exit_code, 0) << got.standard_error;
}

}  // namespace
}  // namespace mtcp::lab
