// What a key may carry in a month: what is counted, what happens when it is used up, and what outlives the server.
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "server/key_accounts.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;
using namespace std::chrono;
using program::date;
using verdict = key_account::verdict;

constexpr std::uint64_t mega = 1'000'000;
constexpr date today = 2026y / November / 29;

struct KeyMonth : testing::Test {
  KeyMonth() {
    account.on_used_up([this] { ++told; });
  }
  verdict enters() { return account.enter(key_account::clock::time_point(1h), true); }

  key_account account{{}, today};
  int told = 0;
};

TEST_F(KeyMonth, CountsStreamsAndDatagramsOfBothWays) {
  account.crossed(1'000, true);
  account.crossed(200, false);
  EXPECT_TRUE(account.admits(30, true, {}));
  EXPECT_TRUE(account.admits(4, false, {}));
  EXPECT_EQ(account.month().kept().used, 1'234U);
}

TEST_F(KeyMonth, IsUsedUpWithItsLastByteAndThatIsToldOnce) {
  account.set_limits({.bytes_per_month = mega});
  account.crossed(mega - 1, true);
  EXPECT_FALSE(account.is_used_up());
  EXPECT_EQ(enters(), verdict::granted);
  EXPECT_GT(account.crossed(1, false), 1s) << "nothing more until the stream is reset";
  EXPECT_EQ(told, 1);
  account.crossed(5, true);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(enters(), verdict::used_up);
  EXPECT_FALSE(account.admits(1, true, {}));
  EXPECT_EQ(account.used().refused_total, 1U);
}

TEST_F(KeyMonth, OfALowerOrLargerLimitCountsWhatWasCarried) {
  account.crossed(5 * mega, true);
  account.set_limits({.bytes_per_month = 4 * mega});
  EXPECT_EQ(told, 1);
  EXPECT_EQ(enters(), verdict::used_up);
  account.set_limits({.bytes_per_month = 10 * mega});
  EXPECT_EQ(enters(), verdict::granted);
  account.crossed(5 * mega, true);
  EXPECT_EQ(told, 2);
  account.set_limits({});
  EXPECT_EQ(enters(), verdict::granted) << "no limit any more";
}

TEST_F(KeyMonth, BeginsAnewButNotWithAClockThatIsSetBack) {
  account.set_limits({.bytes_per_month = mega});
  account.crossed(mega, true);
  account.turn(2026y / November / 30);
  account.turn(2026y / October / 31);
  EXPECT_TRUE(account.is_used_up());
  account.turn(2026y / December / 1);
  EXPECT_FALSE(account.is_used_up());
  EXPECT_EQ(account.month().kept().used, 0U);
}

struct KeyMonths : testing::Test {
  std::string directory() const { return files / "state"; }
  static granted_keys granted(const key& to, std::uint64_t bytes) {
    return {{.key = std::make_shared<const key>(to), .server = nullptr, .limits = {.bytes_per_month = bytes}}};
  }
  static std::uint64_t carried(key_accounts& by, const key& of) { return by.of(of.id())->month().kept().used; }

  lab::temp_dir files;
  const key ann = key::generate();
};

TEST_F(KeyMonths, OutliveTheServer) {
  for (int i = 0; i < 2; ++i) {
    const program::state_dir kept(directory(), "--state-dir");
    key_accounts all(&kept);
    all.set(granted(ann, 3 * mega));
    EXPECT_FALSE(all.of(ann.id())->is_used_up());
    all.of(ann.id())->crossed(2 * mega, true);
    all.save();
  }
  const program::state_dir kept(directory(), "--state-dir");
  key_accounts all(&kept);
  all.set(granted(ann, 3 * mega));
  EXPECT_TRUE(all.of(ann.id())->is_used_up());
  EXPECT_EQ(carried(all, ann), 4 * mega);
}

TEST_F(KeyMonths, OutliveAReloadWithoutTheKey) {
  key_accounts all;
  all.set(granted(ann, 3 * mega));
  all.of(ann.id())->crossed(2 * mega, true);
  all.set(granted(key::generate(), 0));
  EXPECT_EQ(carried(all, ann), 0U) << "nobody knows it";
  all.set(granted(ann, 3 * mega));
  EXPECT_EQ(carried(all, ann), 2 * mega);
}

TEST_F(KeyMonths, SayWhoseAreUsedUpAndWhoseBeginAnew) {
  key_accounts all;
  std::vector<key_id> used_up;
  all.on_used_up([&](const key_id& id) { used_up.push_back(id); });
  key named = ann;
  named.set_user("Ann");
  all.set(granted(named, mega));
  all.of(ann.id())->crossed(mega, true);
  EXPECT_EQ(used_up, std::vector{ann.id()});
  const date now = program::local_date();
  EXPECT_TRUE(all.look(now, 1h).empty());
  EXPECT_EQ(all.look((now.year() + years(1)) / now.month() / 1, 2h), std::vector<std::string>{"Ann"});
}

TEST_F(KeyMonths, CountOnWhereNothingCanBeWritten) {
  const program::state_dir kept(directory(), "--state-dir");
  key_accounts all(&kept);
  all.set(granted(ann, mega));
  std::filesystem::remove_all(directory());
  all.of(ann.id())->crossed(mega, true);
  all.save();
  EXPECT_TRUE(all.of(ann.id())->is_used_up());
  std::filesystem::create_directory(directory());
  all.save();
  EXPECT_TRUE(std::filesystem::exists(directory() + "/keys.json"));
}

TEST_F(KeyMonths, AreRefusedIfDamagedOrOfALaterVersion) {
  const program::state_dir kept(directory(), "--state-dir");
  for (const auto& [text, why] :
       {std::pair{R"({"version": 2, "keys": {}})", "keys.json: it has version 2"}, {"{", "keys.json: it is damaged"}}) {
    ASSERT_FALSE(kept.replace("keys.json", text));
    try {
      key_accounts all(&kept);
      FAIL() << text;
    } catch (const program::settings_error& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace mtcp::server
