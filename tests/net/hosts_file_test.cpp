#include "mtcp/net/dial/hosts_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace mtcp::detail {
namespace {

using namespace std::chrono_literals;
using text_list = std::vector<std::string>;

class HostsFile : public testing::Test {
 protected:
  text_list find(const std::string& name) {
    text_list out;
    for (const ip_address& address : file.find(name, now)) out.push_back(address.to_string());
    return out;
  }
  void write(const std::string& text) { here.write("hosts", text); }

  lab::temp_dir here;
  hosts_file::clock::time_point now = hosts_file::clock::now();
  hosts_file file{(here / "hosts").string()};
};

TEST_F(HostsFile, GivesTheAddressesOfAName) {
  write(
      "# comment\n127.0.0.1\tlocalhost\n192.0.2.1 a.test  Alias # not.this\n2001:db8::1 a.test\r\n192.0.2.2 a.test "
      "a.test\nnonsense b.test\n192.0.2.3 last.test");
  EXPECT_EQ(find("a.test"), (text_list{"2001:db8::1", "192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(find("A.Test."), find("a.test"));
  EXPECT_EQ(find("alias"), text_list{"192.0.2.1"});
  EXPECT_EQ(find("last.test"), text_list{"192.0.2.3"});
  for (const char* absent : {"not.this", "b.test", "a.tes", "a.test2", "", "."}) EXPECT_EQ(find(absent), text_list{});
}

TEST_F(HostsFile, IsReadAgainOnceItHasChanged) {
  write("192.0.2.1 a.test\n");
  for (int i = 0; i < 3; ++i, now += 2s) EXPECT_EQ(find("a.test"), text_list{"192.0.2.1"});
  EXPECT_EQ(file.times_read(), 1U);
  write("192.0.2.22 a.test\n");
  EXPECT_EQ(find("a.test"), text_list{"192.0.2.22"});
  std::filesystem::remove(here / "hosts");
  EXPECT_EQ(find("a.test"), text_list{"192.0.2.22"}) << "it is looked at once a second";
  now += 2s;
  EXPECT_EQ(find("a.test"), text_list{});
}

TEST_F(HostsFile, OfManyLinesIsNotReadForEachLookup) {
  std::ofstream out(here / "hosts");
  for (int i = 0; i < 150'000; ++i) out << "0.0.0.0 tracker" << i << ".example\n";
  out.close();
  for (int i = 0; i < 20'000; ++i) EXPECT_EQ(file.find("tracker99.example", now).size(), 1U);
  EXPECT_EQ(file.times_read(), 1U);
}

}  // namespace
}  // namespace mtcp::detail
