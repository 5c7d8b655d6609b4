#include "server/key_limits.hpp"

#include <gtest/gtest.h>

#include "server/granted_keys.hpp"
#include "server/key_accounts.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;
using lab::temp_dir;

struct KeyLimits : testing::Test {
  /// Of a key file with one key and this behind it.
  key_limits limits(const std::string& behind) { return load_keys(file(behind)).front().limits; }
  std::string file(const std::string& behind) { return files.write("keys", secret + ' ' + behind + '\n'); }
  std::string error(const std::string& behind) {
    try {
      load_keys(file(behind));
    } catch (const key_error& e) {
      return e.what();
    }
    return "no error";
  }
  bool permits(const std::string& behind, const std::string& address, std::uint16_t port) {
    rules all(std::make_shared<const own_addresses>());
    all.deny_port(25);
    for (const auto& one : limits(behind).destinations) one.add_to(all);
    return all.permits({asio::ip::make_address(address), port});
  }

  temp_dir files;
  const std::string secret = key::generate().to_string();
};

TEST_F(KeyLimits, AreWordsBehindTheKey) {
  const key_limits all = limits(
      "Ann of Cleves streams=10 sessions=2 dials=5 bridges=8 bytes-per-month=200GB rate=8mbit memory=64MB "
      "expires=2026-12-31T12:00:00Z");
  EXPECT_EQ(all.streams, 10u);
  EXPECT_EQ(all.sessions, 2u);
  EXPECT_EQ(all.dials, 5u);
  EXPECT_EQ(all.bridges, 8u);
  EXPECT_EQ(all.bytes_per_month, 200'000'000'000u);
  EXPECT_EQ(all.rate, 1'000'000u);
  EXPECT_EQ(all.memory, 64'000'000u);
  EXPECT_EQ(all.expires, std::chrono::sys_days(std::chrono::year(2026) / 12 / 31) + 12h);
  EXPECT_EQ(load_keys(file("Ann of Cleves streams=10")).front().key->user(), "Ann of Cleves");
  EXPECT_EQ(load_keys(file("streams=10 Ann # rate=fast")).front().key->user(), "Ann");
  EXPECT_FALSE(limits("Ann").expires);
}

TEST_F(KeyLimits, ThatAreWrongNameTheFileAndTheLine) {
  const std::string where = (files / "keys").string() + ":1: ";
  EXPECT_EQ(error("rate=fast"), where + "rate=fast: expected a rate, for example 50mbit, 1.5gbit or 800kbit");
  EXPECT_EQ(error("bytes-per-month=0"), where + "bytes-per-month=0: expected a size, for example 500kB, 64MB or 1.5GB");
  EXPECT_EQ(error("bridges=0"), where + "bridges=0: expected a number from 1 to 65536");
  EXPECT_EQ(error("streams=0"), where + "streams=0: expected a number from 1 to 16384");
  EXPECT_EQ(error("stream=1"), where +
                                   "stream=1: there is no such attribute; there are streams=, sessions=, dials=, "
                                   "bridges=, bytes-per-month=, rate=, memory=, expires=, allow=, deny=, listen=");
  for (const char* day : {"2026-02-30", "2026-1", "soon", "2026-12-31T25:00:00Z", "2026-12-31T12:00"})
    EXPECT_NE(error("expires=" + std::string(day)).find("expected a day"), std::string::npos) << day;
  EXPECT_NE(error("allow=10.0.0.1/8").find("did you mean 10.0.0.0/8"), std::string::npos);
  EXPECT_NE(error("allow=10.0.0.0/8:0").find("from 1 to 65535"), std::string::npos);
  EXPECT_NE(error("deny=10.0.0.0/8:9-8").find("comes before"), std::string::npos);
  EXPECT_EQ(error("rate=fast").find("mtcp1-"), std::string::npos) << "no part of the key";
}

TEST_F(KeyLimits, SayWhereAKeyMayLead) {
  EXPECT_FALSE(permits("", "10.0.0.1", 443));
  EXPECT_TRUE(permits("allow=10.0.0.0/8", "10.0.0.1", 80));
  EXPECT_TRUE(permits("allow=10.0.0.0/8:443", "10.0.0.1", 443));
  EXPECT_FALSE(permits("allow=10.0.0.0/8:443", "10.0.0.1", 80));
  EXPECT_TRUE(permits("allow=10.0.0.0/8:8000-8099", "10.0.0.1", 8099));
  EXPECT_FALSE(permits("allow=10.0.0.0/8:8000-8099", "10.0.0.1", 8100));
  EXPECT_TRUE(permits("allow=[fd00::/8]:443", "fd00::1", 443));
  EXPECT_FALSE(permits("allow=[fd00::/8]:443", "fd00::1", 444));
  EXPECT_TRUE(permits("allow=fd00::/8", "fd00::1", 444));
  EXPECT_FALSE(permits("deny=0.0.0.0/0", "198.41.0.4", 443));
  EXPECT_TRUE(permits("deny=0.0.0.0/0 allow=198.41.0.0/16:443", "198.41.0.4", 443));
  EXPECT_FALSE(permits("deny=0.0.0.0/0 allow=198.41.0.0/16:443", "198.41.0.4", 80));
  EXPECT_FALSE(permits("allow=198.41.0.0/16:1-100 deny=198.41.0.0/16:53", "198.41.0.4", 53)) << "deny wins a tie";
}

TEST_F(KeyLimits, OpenADeniedPortOnlyWhereTheyNameIt) {
  EXPECT_FALSE(permits("", "198.41.0.4", 25));
  EXPECT_FALSE(permits("allow=198.41.0.0/16", "198.41.0.4", 25));
  EXPECT_TRUE(permits("allow=198.41.0.0/16:25", "198.41.0.4", 25));
}

TEST_F(KeyLimits, SayWhereTheServerListensForAClient) {
  EXPECT_FALSE(limits("").listen);
  EXPECT_TRUE(limits("listen=none").listen->all().empty());
  const listen_rules own = *limits("listen=8080 listen=*:9000-9010").listen;
  EXPECT_TRUE(own.place_for({"", 8080}));
  EXPECT_FALSE(own.place_for({"0.0.0.0", 8080}));
  EXPECT_TRUE(own.place_for({"0.0.0.0", 9010}));
  EXPECT_EQ(listen_rules_of(load_keys(file("listen=80"))).size(), 1U);
  EXPECT_TRUE(listen_rules_of(load_keys(file("listen=none"))).empty());
  EXPECT_NE(error("listen=here").find("listen=here: expected [ADDRESS:]PORT"), std::string::npos);
  for (const char* both : {"listen=none listen=80", "listen=80 listen=none"})
    EXPECT_NE(error(both).find("none stands alone"), std::string::npos) << both;
}

TEST_F(KeyLimits, EndAKeyAtItsTime) {
  const std::string other = key::generate().to_string();
  const granted_keys all =
      load_keys(files.write("keys", secret + " expires=2026-12-31\n" + other + " expires=2027-01-01\n"));
  const std::chrono::sys_seconds end = std::chrono::sys_days(std::chrono::year(2026) / 12 / 31);
  std::optional<std::chrono::sys_seconds> next;
  EXPECT_EQ(valid_keys(all, 1, end - 1s, next).size(), 2u);
  EXPECT_EQ(next, end);
  EXPECT_EQ(valid_keys(all, 1, end, next).size(), 1u);
  EXPECT_EQ(next, end + 24h);
  EXPECT_EQ(valid_keys(all, 1, end + 48h, next).size(), 0u);
  EXPECT_FALSE(next);
}

TEST_F(KeyLimits, LeaveOutKeysOfAnEarlierVersion) {
  const server_identity server = server_identity::generate();
  const std::string fresh = key::generate(server.public_key()).to_string();
  const granted_keys all = load_keys(files.write("keys", secret + "\n" + server.to_string() + "\n" + fresh + "\n"));
  std::optional<std::chrono::sys_seconds> next;
  EXPECT_EQ(valid_keys(all, 1, {}, next).size(), 2u);
  const granted_keys valid = valid_keys(all, 2, {}, next);
  ASSERT_EQ(valid.size(), 1u);
  EXPECT_EQ(valid.front().key->version(), 2u);
  const key_ring ring = ring_of(valid);
  EXPECT_EQ(ring.size(), 1u);
  EXPECT_TRUE(ring.find(server.public_key()));
}

TEST_F(KeyLimits, NeedTheServerThatAKeyIsFor) {
  const std::string alone = key::generate(server_identity::generate().public_key()).to_string();
  try {
    load_keys(files.write("keys", secret + "\n" + alone + " ann\n"));
    FAIL();
  } catch (const key_error& e) {
    EXPECT_NE(std::string(e.what()).find("(ann) was made for a server"), std::string::npos) << e.what();
  }
}

struct KeyAccount : testing::Test {
  key_account account;
  key_account::clock::time_point now = key_account::clock::time_point(1h);
  using verdict = key_account::verdict;
};

TEST_F(KeyAccount, HasSoManyStreams) {
  account.set_limits({.streams = 2});
  EXPECT_EQ(account.enter(now, true), verdict::granted);
  EXPECT_EQ(account.enter(now, true), verdict::granted);
  EXPECT_EQ(account.enter(now, true), verdict::too_many_streams);
  account.leave();
  EXPECT_EQ(account.enter(now, true), verdict::granted);
  EXPECT_EQ(account.used().streams, 2u);
  EXPECT_EQ(account.used().refused_total, 1u);
  account.set_limits({});
  EXPECT_EQ(account.enter(now, true), verdict::granted) << "no limit any more";
}

TEST_F(KeyAccount, DialsSoOften) {
  account.set_limits({.dials = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(account.enter(now, true), verdict::granted);
  EXPECT_EQ(account.enter(now, true), verdict::too_many_dials);
  EXPECT_EQ(account.enter(now, false), verdict::granted) << "nothing is dialled for it";
  now += 1s;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(account.enter(now, true), verdict::granted);
  EXPECT_EQ(account.enter(now, true), verdict::too_many_dials);
}

TEST_F(KeyAccount, HasARateForAllOfItEachWay) {
  account.set_limits({.rate = 10'000'000});
  EXPECT_EQ(account.crossed(1'000'000, true).count(), 0) << "a tenth of a second at once";
  EXPECT_GT(account.crossed(5'000'000, true), 300ms);
  EXPECT_LE(account.crossed(0, true), 500ms);
  EXPECT_EQ(account.crossed(1'000, false).count(), 0) << "the other way is free";
  account.set_limits({});
  EXPECT_EQ(account.crossed(1 << 30, true).count(), 0);
}

TEST_F(KeyAccount, DropsDatagramsAboveItsRate) {
  account.set_limits({.rate = 1'000'000});
  std::size_t crossed = 0;
  for (int i = 0; i < 10'000; ++i, now += 1ms)
    if (account.admits(10'000, true, now)) crossed += 10'000;
  EXPECT_NEAR(static_cast<double>(crossed), 10e6, 0.5e6);
}

}  // namespace
}  // namespace mtcp::server
