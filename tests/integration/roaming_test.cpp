// interface=PATTERN: paths that come and go with the machine's default routes, under a download.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "integration/roaming_lab.hpp"
#include "support/content.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using words = std::vector<std::string>;

constexpr std::uint64_t mega = 1'000'000;

/// A download that is read when the test says so: what has not been read by then cannot have arrived before.
class paced_download {
 public:
  paced_download(const roaming_lab& lab, std::uint64_t size)
      : size_(size),
        source_(lab.internet.inside(
            [&] { return std::make_unique<peer>(habit::farewell, size, roaming_lab::server_address); })),
        stream_(lab.stream_to(source_->port())) {}

  /// More than can be on its way: the windows are smaller.
  void read(std::uint64_t bytes) {
    for (std::uint64_t left = bytes; left > 0;) {
      const std::string piece = stream_.receive(std::min<std::uint64_t>(left, 64 * 1024));
      ASSERT_FALSE(piece.empty()) << "the stream has ended";
      hash_.update(std::as_bytes(std::span(piece)));
      left -= piece.size();
    }
  }
  void expect_rest() {
    std::string rest;
    EXPECT_EQ(stream_.drain(rest), tail::end);
    hash_.update(std::as_bytes(std::span(rest)));
    EXPECT_EQ(hash_.hex(), content_sha256(size_));
  }

 private:
  std::uint64_t size_;
  std::unique_ptr<peer> source_;
  socket stream_;
  sha256 hash_;
};

class Roaming : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string missing = roaming_lab::missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    lab = std::make_unique<roaming_lab>();
  }
  static std::string path(const std::string& more) {
    return "server=" + std::string(roaming_lab::server_address) + ",bridges=2" + more;
  }

  std::unique_ptr<roaming_lab> lab;
};

TEST_F(Roaming, LosesNothingWhilePathsComeAndGo) {
  lab->plug_in("up1", 1);
  lab->plug_in("up2", 2);
  lab->add_default_route("up1", 1, 100);
  lab->add_default_route("up2", 2, 200);
  lab->start_client({"--path", path(",interface=*")});
  lab->wait_for_paths({"up2", "up1"});
  paced_download download(*lab, 100 * mega);
  download.read(10 * mega);

  lab->machine.ip("route del default dev up1");
  download.read(10 * mega);
  lab->wait_for_paths({"up2"});
  lab->client->expect("path up1 is gone");

  lab->machine.ip("link del up1");
  lab->plug_in("usb0", 3);
  lab->add_default_route("usb0", 3, 10);
  lab->wait_for_paths({"up2", "usb0"});
  download.read(10 * mega);

  lab->machine.ip("link del up2");
  download.read(10 * mega);
  const auto last = lab->wait_for_paths({"usb0"});
  EXPECT_EQ(last["tunnel"]["streams_total"], 1);
  EXPECT_EQ(last["bridges"].size(), 2U);
  for (const auto& bridge : last["bridges"]) {
    EXPECT_EQ(bridge["path"], "usb0");
    EXPECT_EQ(bridge["state"], "up");
  }
  download.expect_rest();
}

TEST_F(Roaming, OutlivesATimeWithoutAnyPath) {
  lab->plug_in("up1", 1);
  lab->add_default_route("up1", 1, 100);
  lab->start_client({"--path", path(",interface=up*")});
  lab->wait_for_paths({"up1"});
  paced_download download(*lab, 60 * mega);
  download.read(10 * mega);
  lab->machine.ip("link del up1");
  const auto none = lab->wait_for_paths({});
  EXPECT_EQ(none["tunnel"]["patterns"], (nlohmann::json{{{"interface", "up*"}, {"paths", 0}}}));
  lab->client->expect("no interface with a default route fits up\\*: waiting for one");
  lab->plug_in("up1", 1);
  lab->add_default_route("up1", 1, 100);
  lab->wait_for_paths({"up1"});
  download.read(10 * mega);
  lab->plug_in("eth0", 2);  // it does not fit
  lab->add_default_route("eth0", 2, 10);
  download.expect_rest();
  lab->wait_for_paths({"up1"});
}

// As a DHCP client does when it renews its lease.
TEST_F(Roaming, KeepsBridgesWhenTheRouteIsAwayForAMoment) {
  lab->plug_in("up1", 1);
  lab->add_default_route("up1", 1, 100);
  lab->start_client({"--path", path(",interface=*")});
  const auto before = lab->wait_for_paths({"up1"});
  for (int i = 0; i < 3; ++i) {
    lab->machine.ip("route del default dev up1");
    lab->add_default_route("up1", 1, 100 + i);
  }
  paced_download download(*lab, 5 * mega);
  download.expect_rest();
  const auto after = lab->wait_for_paths({"up1"});
  const auto ids = [](const nlohmann::json& stats) {
    std::vector<int> out;
    for (const auto& bridge : stats["bridges"]) out.push_back(bridge["id"]);
    std::ranges::sort(out);
    return out;
  };
  EXPECT_EQ(ids(before), ids(after)) << "the same ones";
  EXPECT_EQ(after["tunnel"]["paths"][0]["reconnects"], 0);
}

TEST_F(Roaming, WaitsForTheFirstInterface) {
  lab->plug_in("eth0", 1);
  lab->add_default_route("eth0", 1, 100);
  lab->start_client({"--path", path(",interface=usb?,role=backup,name=phone"), "--connect-wait", "1ms"});
  lab->client->expect("no interface with a default route fits usb\\?: waiting for one");
  lab->client->expect("no bridge is up");
  lab->plug_in("usb7", 2);
  lab->add_default_route("usb7", 2, 200);
  const auto now = lab->wait_for_paths({"phone usb7"});
  EXPECT_EQ(now["tunnel"]["paths"][0]["role"], "backup");
  paced_download(*lab, mega).expect_rest();
}

TEST_F(Roaming, DoublesNoInterfaceThatIsNamed) {
  lab->plug_in("eth0", 1);
  lab->plug_in("eth1", 2);
  lab->add_default_route("eth0", 1, 100);
  lab->add_default_route("eth1", 2, 200);
  lab->start_client({"--path", path(",interface=eth0,name=cable"), "--path", path(",interface=*")});
  lab->wait_for_paths({"cable", "eth1"});
}

// A path by the interface's name is always there, and dialled again and again.
TEST_F(Roaming, ANamedInterfaceNeedNotBeThere) {
  lab->plug_in("eth0", 1);
  lab->add_default_route("eth0", 1, 100);
  lab->start_client({"--path", path(",interface=eth0"), "--path", path(",interface=usb0,name=usb")});
  lab->client->expect("path usb: No such device");
  const auto before = lab->stats_when([](const auto& now) { return now["tunnel"]["paths"][0]["bridges_up"] == 2; });
  EXPECT_EQ(paths_in(before).size(), 2U);
  EXPECT_EQ(before["tunnel"]["paths"][1]["bridges_up"], 0);
}

// The dial that hangs since nobody answers where it went is not waited for (10 s).
TEST_F(Roaming, DialsAtOnceThroughAnInterfaceThatComes) {
  const network_place nobody;
  join(lab->machine, "nowhere", nobody, "there");
  lab->machine.add_address("10.9.99.2/24", "nowhere");
  lab->machine.ip("neighbour add 10.9.99.1 lladdr 02:00:00:00:00:01 dev nowhere");  // who is never heard from
  lab->machine.ip("route add default via 10.9.99.1 dev nowhere metric 900");
  lab->start_client({"--path", path("")});
  lab->plug_in("up1", 1);
  const auto before = std::chrono::steady_clock::now();
  lab->add_default_route("up1", 1, 100);
  lab->client->expect("tunnel up");
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

}  // namespace
}  // namespace mtcp::lab
