#include "mtcp/net/platform/secret_memory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "mtcp/key.hpp"

namespace mtcp::platform {
namespace {

// Sanitizers replace mlock(2) by a function that does nothing, and says that all went well.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool locks_are_real = false;
#else
constexpr bool locks_are_real = true;
#endif

std::size_t status_kilobytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return std::stoul(line.substr(field.size() + 1));
  return 0;
}

/// What the kernel says of the pages at `block`: smaps(5), VmFlags.
std::string flags_of(const void* block) {
  std::ifstream maps("/proc/self/smaps");
  const auto at = reinterpret_cast<std::uintptr_t>(block);
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0, to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) here = from <= at && at < to;
    if (here && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

struct SecretMemory : testing::Test {
  void SetUp() override {
    if (secret_memory_trouble()) GTEST_SKIP() << secret_memory_trouble().message();
  }
};

TEST_F(SecretMemory, IsNeitherSwappedOutNorDumped) {
  void* const block = allocate_secret(100);
  ASSERT_TRUE(is_locked(block));
  const std::string flags = flags_of(block);
  EXPECT_NE(flags.find(" dd"), std::string::npos) << flags;
  EXPECT_EQ(flags.find(" lo") != std::string::npos, locks_are_real) << flags;
  EXPECT_GE(status_kilobytes("VmLck"), locks_are_real ? 16u : 0u);
  release_secret(block, 100);
}

TEST_F(SecretMemory, HoldsKeys) {
  const key some = key::generate();
  EXPECT_TRUE(is_locked(some.identity_key().bytes().data()));
  const key copy = some;
  EXPECT_TRUE(is_locked(copy.identity_key().bytes().data()));
  EXPECT_NE(copy.identity_key().bytes().data(), some.identity_key().bytes().data());
  EXPECT_EQ(copy.identity_key(), some.identity_key());
}

TEST_F(SecretMemory, IsUsedAgain) {
  std::vector<void*> blocks;
  for (int round = 0; round < 100; ++round) {
    for (const std::size_t size : {1, 32, 33, 64, 500, 2048}) blocks.push_back(allocate_secret(size));
    for (const void* block : blocks) EXPECT_TRUE(is_locked(block)) << round;
    std::size_t at = 0;
    for (const std::size_t size : {1, 32, 33, 64, 500, 2048}) release_secret(blocks[at++], size);
    blocks.clear();
  }
}

TEST_F(SecretMemory, IsAlignedAndOverlapsNothing) {
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t size = 1; size <= 3000; size += 37) blocks.emplace_back(allocate_secret(size), size);
  for (std::size_t i = 0; i < blocks.size(); ++i) std::memset(blocks[i].first, static_cast<int>(i), blocks[i].second);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto* const bytes = static_cast<unsigned char*>(blocks[i].first);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % (blocks[i].second >= 64 ? 64 : 16), 0u);
    for (std::size_t at = 0; at < blocks[i].second; ++at) ASSERT_EQ(bytes[at], static_cast<unsigned char>(i));
    release_secret(blocks[i].first, blocks[i].second);
  }
}

TEST_F(SecretMemory, TakesLargeBlocksFromElsewhere) {
  void* const block = allocate_secret(max_secret_block + 1);
  EXPECT_FALSE(is_locked(block));
  release_secret(block, max_secret_block + 1);
}

// There may be more secrets than can be locked.
TEST_F(SecretMemory, GoesOnBeyondWhatCanBeLocked) {
  std::vector<void*> blocks;
  while (blocks.size() < 10'000) blocks.push_back(allocate_secret(2048));
  EXPECT_FALSE(is_locked(blocks.back()));
  std::memset(blocks.back(), 1, 2048);
  for (void* const block : blocks) release_secret(block, 2048);
}

TEST_F(SecretMemory, IsOfAllThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 1000; ++round) {
        void* const block = allocate_secret(64);
        std::memset(block, round, 64);
        release_secret(block, 64);
      }
    });
}

// In a process of its own: it is decided once.
TEST(SecretMemoryWithoutLocks, IsMemoryLikeAnyOther) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/proc/self/exe", "self", "--gtest_filter=SecretMemoryChild.*", "--gtest_also_run_disabled_tests", nullptr);
    std::_Exit(2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SecretMemoryChild, DISABLED_HasNoLocks) {
  const rlimit none{0, 0};
  ASSERT_EQ(::setrlimit(RLIMIT_MEMLOCK, &none), 0);
  EXPECT_TRUE(secret_memory_trouble());
  const key some = key::generate();
  EXPECT_FALSE(is_locked(some.identity_key().bytes().data()));
  EXPECT_EQ(key::parse(some.to_string()).tls_psk(), some.tls_psk());
}

}  // namespace
}  // namespace mtcp::platform
