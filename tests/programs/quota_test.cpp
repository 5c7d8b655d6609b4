// Quotas of paths: what they mean, what is counted, and what outlives the program.
#include "client/quota.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>

#include "client/path_option.hpp"
#include "client/quota_keeper.hpp"
#include "client/settings.hpp"
#include "programs/given.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
using namespace std::chrono;
using program::date;
using program::parse_quota;
using program::parse_quota_records;
using program::quota;
using program::quota_account;
using program::quota_records;
using period = quota::period;

constexpr std::uint64_t mega = 1'000'000;
constexpr date today = 2026y / November / 29;

TEST(Quota, IsASizeAndAPeriod) {
  EXPECT_EQ(parse_quota("100MB/day"), (quota{.bytes = 100 * mega, .each = period::day}));
  EXPECT_EQ(parse_quota("20GB/month"), (quota{.bytes = 20'000 * mega, .each = period::month}));
  EXPECT_EQ(parse_quota("5GB/total"), (quota{.bytes = 5'000 * mega, .each = period::total}));
  for (const char* wrong : {"", "100MB", "100MB/", "/day", "100/day", "100MB/week", "100MB/days", "-1MB/day"})
    EXPECT_THROW(parse_quota(wrong), std::invalid_argument) << wrong;
  EXPECT_EQ(parse_quota_then("backup"), core::path_role::backup);
  EXPECT_THROW(parse_quota_then("active"), std::invalid_argument);
}

TEST(Quota, IsAFieldOfAPath) {
  const path_setting p = parse_path("server=a,quota-then=backup,quota=100MB/day");
  EXPECT_TRUE(p.metered);
  EXPECT_EQ(p.granted, (path_quota{{100 * mega, period::day}, core::path_role::backup}));
  EXPECT_EQ(describe(p), "a:8443, auto bridges, 100 MB a day, then backup");
  EXPECT_EQ(describe(parse_path("server=a,quota=1.5GB/total")), "a:8443, auto bridges, 1.5 GB in all, then never");
  for (const char* wrong : {"server=a,quota=7", "server=a,quota-then=never", "server=a,interface=wl*,quota=1GB/day"})
    EXPECT_THROW(parse_path(wrong), std::invalid_argument) << wrong;
}

TEST(Quota, NeedsADirectory) {
  const std::vector<std::string> given{"--key-file", "k", "--path", "server=a,quota=1GB/day"};
  try {
    read_settings(given, test::variables());
    FAIL() << "what is carried would be forgotten";
  } catch (const program::settings_error& e) {
    EXPECT_NE(std::string(e.what()).find("--state-dir"), std::string::npos) << e.what();
  }
  std::vector<std::string> with = given;
  with.insert(with.end(), {"--state-dir", "d"});
  EXPECT_EQ(read_settings(with, test::variables()).state_dir, "d");
}

TEST(QuotaAccount, IsUsedUpALittleBeforeTheLastByte) {
  quota_account tested({100 * mega, period::total}, {}, today);
  tested.count(0, 1h);
  EXPECT_EQ(tested.next_look(), 1s) << "as long as nothing is carried";
  tested.count(98 * mega, 1h + 10s);
  EXPECT_FALSE(tested.used_up());
  EXPECT_LT(tested.next_look(), 100ms);
  tested.count(1'500'000, 1h + 10s + 150ms);  // at 10 MB/s the last half is carried in 50 ms
  EXPECT_TRUE(tested.used_up());
  EXPECT_EQ(tested.kept().used, 99'500'000U);
}

TEST(QuotaAccount, BeginsAnewWithEveryPeriod) {
  for (const auto& [each, next] :
       {std::pair{period::day, 2026y / November / 30}, {period::month, 2026y / December / 1}}) {
    quota_account tested({mega, each}, {today, 2 * mega}, today);
    EXPECT_TRUE(tested.used_up());
    tested.turn(today);
    EXPECT_TRUE(tested.used_up());
    tested.turn(next);
    EXPECT_FALSE(tested.used_up());
    EXPECT_EQ(tested.kept(), (quota_account::record{next, 0}));
  }
  quota_account month({mega, period::month}, {today, 2 * mega}, today);
  month.turn(2026y / November / 30);
  EXPECT_TRUE(month.used_up());
  quota_account total({mega, period::total}, {today, 2 * mega}, today);
  total.turn(2030y / January / 1);
  EXPECT_TRUE(total.used_up());
}

TEST(QuotaAccount, AClockThatIsSetBackGivesNothingAnew) {
  quota_account tested({mega, period::day}, {today, 2 * mega}, today);
  tested.turn(2026y / November / 28);
  EXPECT_TRUE(tested.used_up());
  tested.turn(today);
  EXPECT_TRUE(tested.used_up()) << "it is the same day as before";
}

TEST(QuotaAccount, AClockThatWasFarAheadDoesNotStopTheDays) {
  quota_account tested({mega, period::day}, {2031y / May / 3, 2 * mega}, today);
  EXPECT_TRUE(tested.used_up());
  tested.turn(2026y / November / 30);
  EXPECT_FALSE(tested.used_up());
}

TEST(QuotaAccount, OneThatIsLoweredOrRaisedCountsWhatWasUsed) {
  quota_account tested({10 * mega, period::day}, {today, 5 * mega}, today);
  EXPECT_FALSE(tested.used_up());
  tested.allow({4 * mega, period::day});
  EXPECT_TRUE(tested.used_up());
  tested.allow({10 * mega, period::day});
  EXPECT_FALSE(tested.used_up());
}

TEST(QuotaAccount, OfNoQuotaOnlyCounts) {
  quota_account tested({0, period::month}, {}, today);
  tested.add(5 * mega);
  EXPECT_FALSE(tested.used_up());
  EXPECT_EQ(tested.kept().used, 5 * mega);
  tested.allow({5 * mega, period::month});
  EXPECT_TRUE(tested.used_up()) << "what was used stays";
}

TEST(QuotaAccount, CountsToTheByteForWhoSeesEachOfThem) {
  quota_account tested({mega, period::month}, {}, today);
  tested.add(mega - 1);
  EXPECT_FALSE(tested.used_up());
  tested.add(1);
  EXPECT_TRUE(tested.used_up());
}

TEST(QuotaRecords, AreWhatTheyWere) {
  const quota_records all{{"lte", {today, 123}}, {"a \"b\"", {2024y / February / 29, UINT64_MAX}}};
  EXPECT_EQ(parse_quota_records(to_text(all, "paths"), "paths"), all);
  EXPECT_EQ(parse_quota_records(program::to_text(quota_records{{"wl\xff", {today, 123}}}, "paths"), "paths").size(),
            1);  // of a name that JSON cannot hold
}

TEST(QuotaRecords, SayWhatIsWrongWithThem) {
  for (const char* wrong :
       {"", "{", "[]", R"({"version": 2, "paths": {}})", R"({"version": 1e300, "paths": {}})",
        R"({"version": 1e999, "paths": {}})", R"({"version": 1})", R"({"version": 1, "paths": {"a": {}}})",
        R"({"version": 1, "paths": {"a": {"day": "2026-02-30", "bytes": 1}}})",
        R"({"version": 1, "paths": {"a": {"day": "2026-02-03x", "bytes": 1}}})",
        R"({"version": 1, "paths": {"a": {"day": "2026-02-03", "bytes": -1}}})"})
    EXPECT_THROW(parse_quota_records(wrong, "paths"), std::invalid_argument) << wrong;
}

/// One path, and what it has been told.
struct tunnel_with_lte final : metered_tunnel {
  explicit tunnel_with_lte(const quota& granted, core::path_role then = core::path_role::never) {
    meters.push_back({.path = "lte", .granted = {granted, then}, .role = core::path_role::overflow});
  }
  std::uint64_t on_wire(const std::string&) const override { return carried; }
  void use_as(const std::string&, core::path_role role) override { roles.push_back(role); }
  std::uint64_t carried = 0;
  std::vector<core::path_role> roles;
};

struct kept {
  std::string directory() const { return files / "state"; }
  void look(quota_keeper& by, tunnel_with_lte& at, date day = today) {
    metered_tunnel* all[]{&at};
    by.look(all, day, now += 1min);
  }
  lab::temp_dir files;
  core::timestamp now{1h};
};

TEST(QuotaKeeper, TakesAPathOutOfUseUntilTheNextPeriod) {
  kept here;
  quota_keeper tested(program::open_state_dir(here.directory()));
  tunnel_with_lte tunnel({mega, period::day}, core::path_role::backup);
  tested.grant(tunnel);
  here.look(tested, tunnel);
  EXPECT_TRUE(tunnel.roles.empty());
  tunnel.carried = 2 * mega;
  here.look(tested, tunnel);
  here.look(tested, tunnel);
  EXPECT_EQ(tunnel.roles, std::vector{core::path_role::backup});
  EXPECT_TRUE(tested.describe("lte")->used_up);
  here.look(tested, tunnel, 2031y / January / 1);
  EXPECT_EQ(tunnel.roles.back(), core::path_role::overflow);
  EXPECT_EQ(tested.describe("lte")->used, 0U);
}

TEST(QuotaKeeper, CountsOnAfterARestart) {
  kept here;
  const quota granted{3 * mega, period::total};
  for (int i = 0; i < 2; ++i) {
    quota_keeper tested(program::open_state_dir(here.directory()));
    tunnel_with_lte tunnel(granted);
    tested.grant(tunnel);
    EXPECT_TRUE(tunnel.roles.empty());
    tunnel.carried = 2 * mega;
    here.look(tested, tunnel);
  }
  quota_keeper tested(program::open_state_dir(here.directory()));
  EXPECT_EQ(tested.describe("lte"), std::nullopt);
  tunnel_with_lte tunnel(granted);
  tested.grant(tunnel);
  EXPECT_EQ(tunnel.roles, std::vector{core::path_role::never}) << "before anything is dialled";
  EXPECT_EQ(tested.describe("lte")->used, 4 * mega);
}

TEST(QuotaKeeper, SharesOneCountAmongTunnels) {
  kept here;
  quota_keeper tested(program::open_state_dir(here.directory()));
  tunnel_with_lte one({3 * mega, period::total}), other({3 * mega, period::total});
  for (tunnel_with_lte* each : {&one, &other}) tested.grant(*each);
  one.carried = other.carried = 2 * mega;
  metered_tunnel* all[]{&one, &other};
  tested.look(all, today, 2h);
  for (const tunnel_with_lte* each : {&one, &other}) EXPECT_EQ(each->roles, std::vector{core::path_role::never});
}

TEST(QuotaKeeper, LooksAsSoonAsTheBusiestTunnelNeeds) {
  kept here;
  quota_keeper tested(program::open_state_dir(here.directory()));
  tunnel_with_lte idle({100 * mega, period::total}), busy({100 * mega, period::total});
  for (tunnel_with_lte* each : {&idle, &busy}) tested.grant(*each);
  metered_tunnel* all[]{&idle, &busy};
  tested.look(all, today, 2h);
  busy.carried = 98 * mega;
  tested.look(all, today, 2h + 10s);
  EXPECT_LT(*tested.next_look(), 100ms) << "the rest is carried in 200 ms";
}

TEST(QuotaKeeper, CountsOnWhereNothingCanBeWritten) {
  kept here;
  quota_keeper tested(program::open_state_dir(here.directory()));
  std::filesystem::remove_all(here.directory());
  tunnel_with_lte tunnel({mega, period::total});
  tested.grant(tunnel);
  tunnel.carried = 2 * mega;
  here.look(tested, tunnel);
  EXPECT_TRUE(tested.describe("lte")->used_up);
  std::filesystem::create_directory(here.directory());
  tested.save();
  EXPECT_TRUE(std::filesystem::exists(here.directory() + "/quotas.json"));
}

TEST(QuotaKeeper, RefusesWhatItDoesNotUnderstand) {
  kept here;
  std::filesystem::create_directory(here.directory());
  here.files.write("state/quotas.json", R"({"version": 2, "paths": {}})");
  try {
    quota_keeper tested(program::open_state_dir(here.directory()));
    FAIL();
  } catch (const program::settings_error& e) {
    EXPECT_NE(std::string(e.what()).find("quotas.json: it has version 2"), std::string::npos) << e.what();
  }
}

TEST(StateDir, IsOfOneProgramAtATime) {
  kept here;
  const program::state_dir first(here.directory(), "--state-dir");
  try {
    const program::state_dir second(here.directory(), "--state-dir");
    FAIL();
  } catch (const program::settings_error& e) {
    EXPECT_NE(std::string(e.what()).find("another program uses it"), std::string::npos) << e.what();
  }
}

TEST(StateDir, IsForItsOwnerAlone) {
  kept here;
  const program::state_dir tested(here.directory(), "--state-dir");
  EXPECT_FALSE(tested.replace("f", "text"));
  struct stat place {};
  struct stat file {};
  ASSERT_EQ(::stat(here.directory().c_str(), &place), 0);
  ASSERT_EQ(::stat(tested.place_of("f").c_str(), &file), 0);
  EXPECT_EQ(place.st_mode & 0777U, 0700U);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(tested.read("f"), "text");
  EXPECT_EQ(tested.read("other"), std::nullopt);
}

TEST(StateDir, KeepsTheOldFileWhereTheNewOneCannotBe) {
  kept here;
  const program::state_dir tested(here.directory(), "--state-dir");
  EXPECT_FALSE(tested.replace("f", "old"));
  std::filesystem::create_directory(here.directory() + "/f.new");  // in the way
  EXPECT_TRUE(tested.replace("f", "new"));
  EXPECT_EQ(tested.read("f"), "old");
}

TEST(StateDir, SaysWhyItCannotBe) {
  kept here;
  for (const std::string& wrong : {here.directory() + "/in/another", here.files.write("file", "")}) {
    try {
      const program::state_dir tested(wrong, "--state-dir");
      FAIL() << wrong;
    } catch (const program::settings_error& e) {
      EXPECT_NE(std::string(e.what()).find("--state-dir: '" + wrong + "': "), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace mtcp::client
