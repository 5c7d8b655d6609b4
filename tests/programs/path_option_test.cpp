// The value of --path.
#include "client/path_option.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "client/settings.hpp"
#include "programs/given.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
using direction = core::bridge_options::direction;

TEST(Path, HasManyFields) {
  const path_options p = parse_path(
      "server=[2001:db8::1]:443,bind=192.0.2.1,interface=wwan0,bridges=3,role=backup,direction=down,rate=50mbit,"
      "congestion=bbr,sni=www.example.org,mss=1200,rotate=64MB,pace=1400ms,name=lte");
  EXPECT_EQ(p.host, "2001:db8::1");
  EXPECT_EQ(p.port, 443);
  EXPECT_EQ(p.bind, "192.0.2.1");
  EXPECT_EQ(p.interface, "wwan0");
  EXPECT_EQ(p.bridges, 3U);
  EXPECT_EQ(p.use.role, core::path_role::backup);
  EXPECT_EQ(p.use.carries, direction::down);
  EXPECT_EQ(p.use.rate_limit, 6'250'000U);
  EXPECT_EQ(p.congestion, "bbr");
  EXPECT_EQ(p.server_name, "www.example.org");
  EXPECT_EQ(p.max_segment, 1200U);
  EXPECT_EQ(p.rotate.when, rotation_options::mode::planned);
  EXPECT_EQ(p.rotate.bytes, 64'000'000U);
  EXPECT_EQ(p.pace, 1400ms);
  EXPECT_EQ(p.name, "lte");
}

TEST(Path, IsDescribedInWords) {
  EXPECT_EQ(describe(parse_path("server=a,bridges=1")), "a:8443, 1 bridge");
  EXPECT_EQ(describe(parse_path("server=[2001:db8::1]:1,bind=192.0.2.1,role=backup,direction=up,rate=50mbit,name=lte")),
            "lte: [2001:db8::1]:1, auto bridges, from 192.0.2.1, backup, up only, at most 50 Mbit/s");
  EXPECT_EQ(describe(parse_path("server=a:1,interface=eth0,direction=down,congestion=bbr")),
            "a:1, auto bridges, through eth0, down only, bbr");
  EXPECT_EQ(describe(parse_path("server=a:1,sni=b.example")), "a:1, auto bridges, called b.example");
  EXPECT_EQ(parse_path("server=a:1,sni=bücher.example.").server_name, "xn--bcher-kva.example");
  for (const char* bad : {"192.0.2.1", "b.example:443", ".", "", "[::1]"})
    EXPECT_THROW(parse_path("server=a:1,sni=" + std::string(bad)), std::invalid_argument) << bad;
  EXPECT_EQ(describe(parse_path("server=a:1,mss=1200")), "a:1, auto bridges, packets of 1200 bytes at most");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=auto,pace=auto")), "a:1, auto bridges");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=off")), "a:1, auto bridges, no rotation");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=1.5GB")), "a:1, auto bridges, bridges renewed before 1500 MB");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=20s,pace=1.4s")),
            "a:1, auto bridges, bridges renewed before 20 s, dialled every 1400 ms");
}

TEST(Path, MayStandForInterfacesThatCome) {
  const path_setting p = parse_path("server=a,interface=wl*,role=backup,name=air");
  EXPECT_EQ(p.interface, "wl*");
  EXPECT_EQ(describe(p), "air: a:8443, auto bridges, through each interface wl* that has a default route, backup");
  EXPECT_THROW(parse_path("server=a,interface=usb?,bind=192.0.2.1"), std::invalid_argument);
  const settings all = read_settings({"--key-file", "k", "--server", "a", "--bind", "*"}, test::variables());
  EXPECT_EQ(all.paths.at(0).interface, "*");
}

TEST(Path, HasOneOfFourRoles) {
  EXPECT_EQ(parse_path("server=a,role=active").use.role, core::path_role::active);
  EXPECT_EQ(parse_path("server=a,role=overflow").use.role, core::path_role::overflow);
  EXPECT_EQ(parse_path("server=a,role=never").use.role, core::path_role::never);
  EXPECT_EQ(describe(parse_path("server=a,bridges=1,role=overflow")), "a:8443, 1 bridge, overflow");
  EXPECT_EQ(describe(parse_path("server=a,bridges=1,role=never")), "a:8443, 1 bridge, never");
  EXPECT_THROW(parse_path("server=a,role=spare"), std::invalid_argument);
}

TEST(Path, HasDefaults) {
  const path_options p = parse_path("server=a");
  EXPECT_EQ(p.rotate.when, rotation_options::mode::learnt);
  EXPECT_EQ(p.pace, 0ms);
  EXPECT_EQ(p.port, 8443);
  EXPECT_EQ(p.use.role, core::path_role::active);
  EXPECT_EQ(p.use.carries, direction::both);
  EXPECT_EQ(p.use.rate_limit, 0U);
  EXPECT_EQ(parse_path("server=a,direction=up,role=active").use.carries, direction::up);
}

TEST(Path, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {{"", "server"},
                                                       {"bridges=2", "server"},
                                                       {"server=a,", "field"},
                                                       {"server=a,x=1", "x=1"},
                                                       {"server=a,bridges", "bridges"},
                                                       {"server=a,bridges=0", "bridges"},
                                                       {"server=a,role=x", "role"},
                                                       {"server=a,direction=x", "direction"},
                                                       {"server=a,rate=fast", "rate"},
                                                       {"server=a,mss=87", "mss"},
                                                       {"server=a,mss=40000", "mss"},
                                                       {"server=a,rotate=64", "rotate"},
                                                       {"server=a,rotate=1B", "rotate"},
                                                       {"server=a,rotate=on", "rotate"},
                                                       {"server=a,pace=often", "pace"},
                                                       {"server=a,pace=0s", "pace"},
                                                       {"server=a,bind=eth0", "bind"},
                                                       {"server=a,interface=", "interface"},
                                                       {"server=a,server=b", "twice"},
                                                       {"server=", "server"}};
  for (const auto& [text, word] : cases) {
    try {
      parse_path(text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << text << ": " << e.what();
    }
  }
}

}  // namespace
}  // namespace mtcp::client
