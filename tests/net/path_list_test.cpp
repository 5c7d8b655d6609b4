// Names of paths, and what patterns of interfaces stand for.
#include "mtcp/net/path_list.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

path_options through(const std::string& interface, const std::string& host = "a", const std::string& name = "") {
  path_options p;
  p.host = host;
  p.interface = interface;
  p.name = name;
  return p;
}

std::vector<interface_state> uplinks_called(std::vector<std::string> names) {
  std::vector<interface_state> out;
  for (std::string& name : names) out.push_back({std::move(name), static_cast<unsigned>(out.size()) + 1, true});
  return out;
}

std::vector<std::string> present(const std::vector<path_options>& given, std::vector<std::string> interfaces) {
  std::vector<std::string> out;
  for (const path_options& p : present_paths(given, uplinks_called(std::move(interfaces))))
    out.push_back(p.name + " " + p.host + " " + p.interface);
  return out;
}

using words = std::vector<std::string>;

TEST(PathList, NamesEachPathInAnotherWay) {
  path_options range = through("");
  range.last_port = 8450;
  EXPECT_EQ(names_of({through(""), through(""), range, through("eth0"), through("eth1", "b", "home"),
                      through("eth2", "b", "home")}),
            (words{"a:8443", "a:8443 (2)", "a:8443-8450", "a:8443 through eth0", "home", "home (2)"}));
}

TEST(PathList, CallsPathsAfterTheirInterfaces) {
  path_options pattern = through("*");
  pattern.bridges = 7;
  const auto paths = present_paths({pattern}, uplinks_called({"eth0", "wlan0"}));
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_EQ(paths[1].name, "wlan0");
  EXPECT_EQ(paths[1].interface, "wlan0");
  EXPECT_EQ(paths[1].bridges, 7U) << "and all else as in the pattern";
  EXPECT_EQ(present({through("wl*", "a", "home")}, {"wlan0"}), words{"home wlan0 a wlan0"});
  EXPECT_EQ(present({through("wl*")}, {"eth0"}), words{});
}

TEST(PathList, KeepsNamesApartOfPathsToSeveralServers) {
  EXPECT_EQ(present({through("*", "a"), through("*", "b")}, {"eth0", "eth1"}),
            (words{"eth0 a eth0", "eth1 a eth1", "eth0 (2) b eth0", "eth1 (2) b eth1"}));
  EXPECT_EQ(present({through("", "c", "eth0"), through("*", "b")}, {"eth0"}), (words{"eth0 c ", "eth0 (2) b eth0"}));
}

TEST(PathList, DoublesNoInterfaceThatIsNamed) {
  EXPECT_EQ(present({through("*"), through("eth0", "a", "cable")}, {"eth0", "eth1"}),
            (words{"cable a eth0", "eth1 a eth1"}));
}

}  // namespace
}  // namespace mtcp::test
