#include "mtcp/net/admission/admission.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mtcp {
namespace {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::timestamp start = seconds(100);

admission_options small() {
  admission_options o;
  o.max_waiting = 8;
  o.max_pending = 6;
  o.pending_per_address = 3;
  o.pending_per_known_address = 5;
  o.rate_per_address = 2;
  o.burst_per_address = 5;
  o.burst_per_known_address = 50;
  o.max_addresses = 4;
  o.max_known = 3;
  return o;
}

class Admission : public ::testing::Test {
 protected:
  using id = admission::id;

  explicit Admission(const admission_options& limits = small()) : strangers(limits) {}

  admission::arrival arrive(const std::string& from, core::timestamp now = start) {
    return strangers.arrive(make_address(from), now);
  }
  /// Comes in and says something at once; its number if that is admitted.
  std::optional<id> speak(const std::string& from, core::timestamp now = start) {
    const id who = arrive(from, now).who;
    const auto decision = strangers.spoke(who, now);
    evicted = decision.evicted;
    return decision.admitted ? std::optional(who) : std::nullopt;
  }
  std::optional<id> be_answered(const std::string& from, core::timestamp now = start) {
    const auto who = speak(from, now);
    if (who) strangers.answered(*who);
    return who;
  }
  void authenticate(const std::string& from) {
    const auto who = be_answered(from);
    ASSERT_TRUE(who);
    strangers.authenticated(*who);
    EXPECT_TRUE(strangers.left(*who));
  }

  admission strangers;
  std::optional<id> evicted;  // by the last speak()
};

// ---- the silent ----

TEST_F(Admission, SilenceKeepsNobodyOut) {
  for (int i = 0; i < 100; ++i) arrive("192.0.2.1");
  EXPECT_EQ(strangers.silent(), 8u);
  EXPECT_TRUE(speak("198.51.100.1"));
  EXPECT_TRUE(speak("192.0.2.1")) << "not even one from the same address";
}

TEST_F(Admission, TheOldestOfTheLargestGroupMakesRoom) {
  const id lonely = arrive("203.0.113.1").who;
  const id first = arrive("198.51.100.1").who;
  for (int i = 2; i < 8; ++i) EXPECT_FALSE(arrive("198.51.100." + std::to_string(i)).evicted);
  EXPECT_EQ(arrive("192.0.2.1").evicted, first);
  EXPECT_FALSE(strangers.contains(first));
  for (int i = 0; i < 4; ++i) EXPECT_NE(arrive("192.0.2.2").evicted, lonely);
  EXPECT_TRUE(strangers.contains(lonely));
}

TEST_F(Admission, AWholeIpv648CountsAsOne) {
  const id lonely = arrive("2001:db8:ffff::1").who;
  for (int i = 0; i < 200; ++i) {
    const std::string digits = std::to_string(i);
    arrive("2001:db8:1:" + digits + "::1");
  }
  EXPECT_TRUE(strangers.contains(lonely));
}

TEST_F(Admission, OneThatSpeaksGivesItsPlaceAmongTheSilentBack) {
  const id who = arrive("192.0.2.1").who;
  EXPECT_EQ(strangers.silent(), 1u);
  EXPECT_TRUE(strangers.spoke(who, start).admitted);
  EXPECT_EQ(strangers.silent(), 0u);
  EXPECT_EQ(strangers.pending(), 1u);
  EXPECT_TRUE(strangers.left(who));
  EXPECT_FALSE(strangers.left(who));
  EXPECT_EQ(strangers.pending(), 0u);
}

TEST_F(Admission, WhoFailsAgainAndAgainIsHeardNoMoreForAWhile) {
  for (int i = 0; i < 3; ++i) strangers.failed(make_address("192.0.2.1"), stranger::junk, start);
  const id who = arrive("192.0.2.1").who;
  const auto decision = strangers.spoke(who, start);
  EXPECT_FALSE(decision.admitted);
  EXPECT_TRUE(decision.locked_out);
  EXPECT_FALSE(strangers.contains(who));
  EXPECT_TRUE(speak("198.51.100.1"));
  EXPECT_TRUE(speak("192.0.2.1", start + seconds(15)));
}

TEST_F(Admission, WhoHasAKeyIsNotLockedOutByOthersBehindItsAddress) {
  authenticate("192.0.2.1");
  for (int i = 0; i < 3; ++i) strangers.failed(make_address("192.0.2.1"), stranger::junk, start);
  for (int i = 0; i < 3; ++i) strangers.failed(make_address("192.0.2.2"), stranger::junk, start);
  EXPECT_TRUE(speak("192.0.2.1")) << "it came lately";
  EXPECT_FALSE(speak("192.0.2.2"));
  EXPECT_TRUE(strangers.spoke(arrive("192.0.2.2").who, start, true).admitted) << "it has bridges";
}

TEST_F(Admission, WhomAProxyBringsIsLockedOutByItsOwnAddress) {
  for (int i = 0; i < 3; ++i) strangers.failed(make_address("192.0.2.1"), stranger::junk, start);
  const id bad = arrive("10.0.0.1").who, good = arrive("10.0.0.1").who;
  strangers.source_known(bad, make_address("192.0.2.1"));
  strangers.source_known(good, make_address("198.51.100.1"));
  EXPECT_TRUE(strangers.spoke(bad, start).locked_out);
  EXPECT_TRUE(strangers.spoke(good, start).admitted);
}

TEST_F(Admission, WhomAProxyBringsCountsByItsOwnAddress) {
  std::vector<id> brought;
  for (int i = 0; i < 8; ++i) {
    brought.push_back(arrive("10.0.0.1").who);
    strangers.source_known(brought.back(), make_address(i < 2 ? "192.0.2.1" : "198.51.100." + std::to_string(i)));
  }
  EXPECT_EQ(arrive("10.0.0.1").evicted, brought[2]) << "the first of the larger group";
}

TEST_F(Admission, AProxyThatIsSilentItselfIsOneHost) {
  const id lonely = arrive("192.0.2.1").who;
  for (int i = 0; i < 20; ++i) arrive("10.0.0.1");
  EXPECT_TRUE(strangers.contains(lonely));
}

// ---- those that speak ----

TEST_F(Admission, HandshakesOfOneAddressAreLimited) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(be_answered("192.0.2.1"));
  EXPECT_FALSE(speak("192.0.2.1"));
  EXPECT_TRUE(speak("192.0.2.2"));
}

TEST_F(Admission, HandshakesOfOneIpv664AreLimited) {
  EXPECT_TRUE(be_answered("2001:db8:0:1::1"));
  EXPECT_TRUE(be_answered("2001:db8:0:1::2"));
  EXPECT_TRUE(be_answered("2001:db8:0:1:ffff::3"));
  EXPECT_FALSE(be_answered("2001:db8:0:1::4"));
  EXPECT_TRUE(be_answered("2001:db8:0:2::1"));
}

TEST_F(Admission, OfOneAddressTheOldestThatWasNotAnsweredMakesRoom) {
  const auto answered = be_answered("192.0.2.1");
  const auto first = speak("192.0.2.1");
  speak("192.0.2.1");
  EXPECT_TRUE(speak("192.0.2.1"));
  EXPECT_EQ(evicted, first);
  EXPECT_TRUE(strangers.contains(*answered));
}

TEST_F(Admission, ThoseThatWereNotAnsweredMakeRoomForWhoComesNext) {
  const auto answered = be_answered("192.0.2.1");
  const auto first = speak("192.0.2.2");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(speak("198.51.100." + std::to_string(i)));
  EXPECT_TRUE(speak("203.0.113.1"));
  EXPECT_TRUE(speak("203.0.113.2"));
  EXPECT_TRUE(strangers.contains(*first)) << "the others are more";
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(speak("203.0." + std::to_string(i) + ".3"));
  EXPECT_TRUE(strangers.contains(*answered));
  EXPECT_EQ(strangers.pending(), 6u);
}

TEST_F(Admission, ThoseThatWereAnsweredMakeRoomOnlyIfTheyAreMore) {
  std::vector<id> recordings;
  for (int i = 0; i < 4; ++i) recordings.push_back(be_answered("192.0.2." + std::to_string(i)).value());
  EXPECT_TRUE(be_answered("198.51.100.1"));
  EXPECT_TRUE(be_answered("198.51.100.2"));
  EXPECT_TRUE(be_answered("203.0.113.1"));
  EXPECT_EQ(evicted, recordings[0]);
  EXPECT_FALSE(be_answered("198.51.100.3")) << "three and three: what is under way goes on";
  EXPECT_EQ(strangers.pending(), 6u);
}

TEST_F(Admission, AnAddressThatOnlySpeaksIsHeldToItsRate) {
  const auto once = [&](core::timestamp at) {
    const auto who = speak("192.0.2.1", at);
    if (who) strangers.left(*who);
    return who.has_value();
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(once(seconds(1)));
  EXPECT_FALSE(once(seconds(1)));
  EXPECT_FALSE(once(seconds(1) + milliseconds(400)));
  EXPECT_TRUE(once(seconds(1) + milliseconds(500)));
  EXPECT_FALSE(once(seconds(1) + milliseconds(500)));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(once(seconds(100)));
  EXPECT_FALSE(once(seconds(100)));
}

TEST_F(Admission, SilenceCostsAnAddressNoneOfItsRate) {
  for (int i = 0; i < 100; ++i) strangers.left(arrive("192.0.2.1").who);
  EXPECT_TRUE(speak("192.0.2.1"));
}

TEST_F(Admission, AuthenticatingGivesTheRateBack) {
  for (int i = 0; i < 1000; ++i) authenticate("192.0.2.1");
  for (int i = 0; i < 50; ++i) {
    const auto who = speak("192.0.2.1");
    ASSERT_TRUE(who) << i;
    strangers.left(*who);
  }
  EXPECT_FALSE(speak("192.0.2.1")) << "who does not authenticate there is held to a rate still";
}

TEST_F(Admission, OnlyOneTokenIsGivenBackForOne) {
  const auto who = be_answered("192.0.2.1");
  for (int i = 0; i < 3; ++i) strangers.authenticated(*who);
  strangers.left(*who);
  int more = 0;
  while (const auto next = speak("192.0.2.1")) {
    strangers.left(*next);
    ++more;
  }
  EXPECT_EQ(more, 50);
}

// ---- addresses that have authenticated ----

TEST_F(Admission, AKnownAddressMayDoMoreAtOnce) {
  authenticate("192.0.2.1");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(be_answered("192.0.2.1"));
  EXPECT_FALSE(be_answered("192.0.2.1"));
}

TEST_F(Admission, KnownAddressesKeepHalfOfTheHandshakes) {
  for (const char* known : {"192.0.2.1", "192.0.2.2"}) authenticate(known);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(be_answered("198.51." + std::to_string(i) + ".1"));
  EXPECT_FALSE(be_answered("203.0.113.1")) << "all are alike: what is under way goes on";
  std::vector<id> kept;
  for (int i = 0; i < 3; ++i) kept.push_back(be_answered("192.0.2." + std::to_string(1 + i % 2)).value());
  for (int i = 0; i < 50; ++i) be_answered("203." + std::to_string(i) + ".113.1");
  for (const id who : kept) EXPECT_TRUE(strangers.contains(who));
}

TEST_F(Admission, KnownAddressesKeepHalfOfTheWaitingPlaces) {
  authenticate("192.0.2.1");
  std::vector<id> kept;
  for (int i = 0; i < 4; ++i) kept.push_back(arrive("192.0.2.1").who);
  for (int i = 0; i < 50; ++i) arrive("203." + std::to_string(i) + ".113.1");
  for (const id who : kept) EXPECT_TRUE(strangers.contains(who));
  for (int i = 0; i < 50; ++i) arrive("192.0.2.1");
  EXPECT_FALSE(strangers.contains(kept[0])) << "more than half is for whoever comes";
}

TEST_F(Admission, AnAddressCountsAsKnownFromTheFirstThatAuthenticates) {
  const id waiting = arrive("192.0.2.1").who;
  authenticate("192.0.2.1");
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(be_answered("198.51." + std::to_string(i) + ".1"));
  EXPECT_TRUE(strangers.spoke(waiting, start).admitted);
}

TEST_F(Admission, RemembersABoundedNumberOfAddresses) {
  for (int i = 0; i < 100; ++i) strangers.left(speak("192.0.2." + std::to_string(i)).value());
  EXPECT_EQ(strangers.addresses(), 4u);
  for (int i = 0; i < 100; ++i) authenticate("192.0.2." + std::to_string(i));
  EXPECT_EQ(strangers.known_addresses(), 3u);
}

TEST_F(Admission, StrangersDoNotMakeItForgetAKnownAddress) {
  authenticate("192.0.2.1");
  for (int i = 0; i < 100; ++i) strangers.left(speak("203.0.113." + std::to_string(i)).value());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(be_answered("192.0.2.1"));
}

// ---- deadlines ----

TEST_F(Admission, WhoWaitsAloneHasTheWholeTime) {
  EXPECT_FALSE(strangers.next_deadline());
  const id who = arrive("192.0.2.1").who;
  EXPECT_EQ(strangers.next_deadline(), start + seconds(5));
  EXPECT_FALSE(strangers.expire(start + milliseconds(4999)));
  EXPECT_EQ(strangers.expire(start + seconds(5)), who);
  EXPECT_FALSE(strangers.contains(who));
  EXPECT_FALSE(strangers.next_deadline());
}

TEST_F(Admission, SpeakingGivesNoMoreTime) {
  const auto who = arrive("192.0.2.1").who;
  strangers.spoke(who, start + seconds(4));
  EXPECT_EQ(strangers.next_deadline(), start + seconds(5));
  strangers.answered(who);
  EXPECT_EQ(strangers.expire(start + seconds(5)), who);
}

TEST_F(Admission, TimeShrinksAsTheWaitingPlacesFill) {
  for (int i = 0; i < 4; ++i) arrive("192.0.2.1");
  EXPECT_EQ(strangers.next_deadline(), start + seconds(5)) << "half full";
  for (int i = 0; i < 2; ++i) arrive("192.0.2.1");
  EXPECT_EQ(strangers.next_deadline(), start + seconds(3));
  for (int i = 0; i < 2; ++i) arrive("192.0.2.1");
  EXPECT_EQ(strangers.next_deadline(), start + seconds(1)) << "full";
  int expired = 0;
  while (strangers.expire(start + seconds(1))) ++expired;
  EXPECT_EQ(expired, 1) << "the others have more time for that";
}

TEST_F(Admission, TimeShrinksAsTheHandshakesFill) {
  const id waiting = arrive("192.0.2.1").who;
  for (int i = 0; i < 6; ++i) be_answered("198.51.100." + std::to_string(i), start + milliseconds(100));
  EXPECT_EQ(strangers.next_deadline(), start + milliseconds(1100));
  while (strangers.expire(start + milliseconds(4900))) {
  }
  EXPECT_TRUE(strangers.contains(waiting)) << "the silent are another table";
}

TEST_F(Admission, AKnownAddressHasTheWholeTimeWhileItTakesItsShare) {
  authenticate("192.0.2.1");
  const id kept = arrive("192.0.2.1").who;
  for (int i = 0; i < 7; ++i) arrive("198.51.100.1");
  while (strangers.expire(start + milliseconds(4900))) {
  }
  EXPECT_TRUE(strangers.contains(kept));
  EXPECT_EQ(strangers.next_deadline(), start + seconds(5));
}

// ---- limits ----

TEST_F(Admission, IgnoresWhoIsNotKnown) {
  EXPECT_FALSE(strangers.spoke(7, start).admitted);
  strangers.answered(7);
  strangers.authenticated(7);
  strangers.source_known(7, make_address("192.0.2.1"));
  EXPECT_FALSE(strangers.left(7));
  EXPECT_EQ(strangers.pending(), 0u);
  EXPECT_EQ(strangers.known_addresses(), 0u);
}

TEST(AdmissionLimits, LeaveMostDescriptorsToOthers) {
  const admission_options defaults;
  EXPECT_EQ(within_descriptors(defaults, 524'288).max_waiting, 4096u);
  EXPECT_EQ(within_descriptors(defaults, 524'288).max_pending, 256u);
  EXPECT_EQ(within_descriptors(defaults, 1024).max_waiting, 256u);
  EXPECT_EQ(within_descriptors(defaults, 1024).max_pending, 128u);
  EXPECT_EQ(within_descriptors(defaults, 0).max_waiting, 1u);
}

// As many as a client needs whose network lets a connection carry only a few KB.
TEST(AdmissionLimits, LetAHundredASecondInFromWhereAllAuthenticate) {
  admission guests{admission_options()};
  std::vector<admission::id> under_way;
  core::timestamp now = start;
  for (int i = 0; i < 60'000; ++i, now += milliseconds(10)) {
    const auto who = guests.arrive(make_address("192.0.2.1"), now).who;
    ASSERT_TRUE(guests.spoke(who, now).admitted) << i;
    guests.answered(who);
    under_way.push_back(who);
    if (under_way.size() < 10) continue;  // it takes 100 ms
    guests.authenticated(under_way.front());
    EXPECT_TRUE(guests.left(under_way.front()));
    under_way.erase(under_way.begin());
  }
}

// Who has no key does not come in behind one who has.
TEST(AdmissionLimits, HoldStrangersAtAKnownAddressToTheirRate) {
  admission guests{admission_options()};
  const auto first = guests.arrive(make_address("192.0.2.1"), start).who;
  EXPECT_TRUE(guests.spoke(first, start).admitted);
  guests.authenticated(first);
  guests.left(first);
  std::size_t admitted = 0;
  core::timestamp now = start;
  for (int i = 0; i < 6'000; ++i, now += milliseconds(10)) {
    const auto who = guests.arrive(make_address("192.0.2.1"), now).who;
    admitted += guests.spoke(who, now).admitted ? 1 : 0;
    guests.left(who);
  }
  EXPECT_LE(admitted, 256U + 60 * 16);
}

}  // namespace
}  // namespace mtcp
