#include "program/memory_limit.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/memory_budget.hpp"
#include "support/temp_dir.hpp"

namespace mtcp {
namespace {

struct MemoryLimit : testing::Test {
  void group(const std::string& path, const std::string& file, const std::string& text) {
    const std::filesystem::path folder = files / path;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / file) << text << '\n';
  }
  std::optional<std::uint64_t> limit(const std::string& membership) {
    return program::cgroup_memory_limit((files / "").string(), membership);
  }

  lab::temp_dir files;
};

TEST_F(MemoryLimit, IsTheLeastOfTheGroupsAround) {
  group("system.slice", "memory.max", "500000000");
  group("system.slice/mtcp.service", "memory.max", "max");
  EXPECT_EQ(limit("0::/system.slice/mtcp.service\n"), 500'000'000u);
  group("system.slice/mtcp.service", "memory.max", "200000000");
  EXPECT_EQ(limit("0::/system.slice/mtcp.service\n"), 200'000'000u);
}

TEST_F(MemoryLimit, IsFoundInAContainerThatSeesNothingAround) {
  group("", "memory.max", "1073741824");
  EXPECT_EQ(limit("0::/\n"), std::uint64_t{1} << 30);
  EXPECT_EQ(limit("0::/kubepods/pod1/abc\n"), std::uint64_t{1} << 30);
}

TEST_F(MemoryLimit, IsReadAsVersion1HasIt) {
  group("memory/docker/abc", "memory.limit_in_bytes", "300000000");
  EXPECT_EQ(limit("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n"), 300'000'000u);
  group("memory/docker/abc", "memory.limit_in_bytes", "9223372036854771712");
  EXPECT_FALSE(limit("4:memory:/docker/abc\n")) << "that is how it says none";
}

TEST_F(MemoryLimit, MayBeAbsent) {
  EXPECT_FALSE(limit("0::/nowhere\n"));
  EXPECT_FALSE(limit(""));
  EXPECT_FALSE(limit("junk\n"));
}

TEST(MemoryBudget, IsWhatWasAskedForOrAPartOfWhatThereIs) {
  using server::budget_of;
  EXPECT_EQ(budget_of(200'000'000, 4'000'000'000, true).process, 200'000'000u);
  EXPECT_EQ(budget_of(200'000'000, 4'000'000'000, true).streams, 150'000'000u);
  EXPECT_EQ(budget_of(0, 1'000'000'000, true).process, 750'000'000u);
  EXPECT_EQ(budget_of(0, 1'000'000'000, true).origin, "three quarters of the control group's limit, 1000 MB");
  EXPECT_EQ(budget_of(0, 8'000'000'000, false).process, 4'000'000'000u);
}

TEST(MemoryBudget, LeavesASessionAQuarter) {
  const core::limits usual;
  EXPECT_EQ(server::limits_within(server::budget_of(64'000'000, 0, false), usual).receive_budget, 12'000'000u);
  EXPECT_EQ(server::limits_within(server::budget_of(64'000'000'000, 0, false), usual).receive_budget,
            usual.receive_budget);
}

}  // namespace
}  // namespace mtcp
