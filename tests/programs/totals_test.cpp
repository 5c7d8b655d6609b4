// What was carried, by what it was for, over days and over restarts.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

#include "program/book_entry.hpp"
#include "program/registrable_domain.hpp"
#include "program/totals.hpp"
#include "program/totals_records.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::program {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using kind = totals::kind;

constexpr date today{2026y, std::chrono::November, std::chrono::day(30)};

date before(int count) { return sys_days(today) - days(count); }

totals::row only(const totals& all, kind what, date day = today) {
  const auto rows = all.rows(what, day);
  EXPECT_EQ(rows.size(), 1U);
  return rows.empty() ? totals::row{} : rows.front();
}

TEST(Totals, KnowTodayTheLastSevenDaysAndThisMonth) {
  totals all;
  all.add(kind::destination, "a", {1, 10}, today);
  all.add(kind::destination, "a", {2, 20}, before(6));
  all.add(kind::destination, "a", {4, 40}, before(7));
  all.add(kind::destination, "a", {8, 80}, before(29));
  all.add(kind::destination, "a", {16, 160}, before(30));
  const totals::row row = only(all, kind::destination);
  EXPECT_EQ(row.today, (amount{1, 10}));
  EXPECT_EQ(row.week, (amount{3, 30}));
  EXPECT_EQ(row.month, (amount{15, 150}));
}

TEST(Totals, HaveAWeekThatBeginsBeforeTheMonth) {
  totals all;
  const date third{2026y, std::chrono::November, std::chrono::day(3)};
  all.add(kind::user, "a", {1, 0}, third);
  all.add(kind::user, "a", {2, 0}, date{2026y, std::chrono::October, std::chrono::day(28)});
  EXPECT_EQ(only(all, kind::user, third).week.up, 3U);
  EXPECT_EQ(only(all, kind::user, third).month.up, 1U);
}

TEST(Totals, KeepTheirKindsApartAndTheMostFirst) {
  totals all;
  all.add(kind::source, "a", {1, 0}, today);
  all.add(kind::source, "b", {2, 0}, today);
  all.add(kind::path, "a", {9, 0}, today);
  all.add(kind::user, "nobody", {0, 0}, today);
  const auto rows = all.rows(kind::source, today);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "b");
  EXPECT_EQ(only(all, kind::path).today.up, 9U);
  EXPECT_TRUE(all.rows(kind::user, today).empty());
}

TEST(Totals, AreBoundedAndLoseNothingOfTheSum) {
  totals all(3);
  for (std::uint64_t i = 1; i <= 100; ++i) all.add(kind::destination, "host" + std::to_string(i), {i, 0}, today);
  EXPECT_EQ(all.kept(kind::destination).size(), 4U) << "three, and the others";
  std::uint64_t sum = 0;
  for (const totals::row& row : all.rows(kind::destination, today)) sum += row.month.up;
  EXPECT_EQ(sum, 5050U);
  EXPECT_TRUE(all.kept(kind::destination).contains("host100"));
  all.add(kind::destination, "late", {1, 0}, today);
  EXPECT_TRUE(all.kept(kind::destination).contains("host99")) << "the largest stay";
}

TEST(Totals, LetGoFirstWhatWasUsedLongAgo) {
  totals all(2);
  all.add(kind::destination, "of last year", {1'000'000, 0}, before(300));
  all.add(kind::destination, "small", {1, 0}, today);
  all.add(kind::destination, "new", {1, 0}, today);
  EXPECT_FALSE(all.kept(kind::destination).contains("of last year"));
  EXPECT_TRUE(all.kept(kind::destination).contains("small"));
}

TEST(Totals, KeepSoManyDaysOfAName) {
  totals all;
  for (int i = 200; i >= 0; --i) all.add(kind::path, "a", {1, 0}, before(i));
  EXPECT_EQ(all.kept(kind::path).at("a").size(), totals::days_kept);
  EXPECT_EQ(only(all, kind::path).month.up, 30U);
}

TEST(TotalsRecords, GiveBackWhatTheyWereGiven) {
  totals all;
  all.add(kind::destination, "example.org", {1, 2}, today);
  all.add(kind::destination, totals::others, {3, 4}, before(1));
  all.add(kind::source, "192.0.2.7", {5, 6}, today);
  all.add(kind::user, "J\xc3\xb6rg", {7, 8}, today);
  all.add(kind::path, "dsl", {9, 10}, before(9));
  totals again;
  restore(again, to_text(all));
  for (std::size_t i = 0; i < totals::kinds; ++i)
    EXPECT_EQ(again.kept(static_cast<kind>(i)), all.kept(static_cast<kind>(i))) << i;
}

TEST(TotalsRecords, SayWhatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "damaged"},
      {R"({"version":2})", "version 2"},
      {R"({"version":1})", "damaged"},
      {R"({"version":1,"destinations":{"a":{"2026-13-01":[1,2]}},"sources":{},"users":{},"paths":{}})", "is no date"},
      {R"({"version":1,"destinations":{"a":{"2026-11-01":[1,-2]}},"sources":{},"users":{},"paths":{}})", "no count"},
      {R"({"version":1,"destinations":[1],"sources":{},"users":{},"paths":{}})", "damaged"}};
  for (const auto& [text, why] : wrong) {
    totals all;
    try {
      restore(all, text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  }
}

TEST(RegistrableDomain, IsThePartThatSomebodyOwns) {
  EXPECT_EQ(registrable_domain("www.Example.co.uk."), "example.co.uk");
  EXPECT_EQ(registrable_domain("a.b.example.org"), "example.org");
  for (const char* itself : {"localhost", "co.uk", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "udp", ""})
    EXPECT_EQ(registrable_domain(itself), itself);
}

TEST(ClosedStreams, AreTheLastOnes) {
  closed_streams last(2);
  for (const char* name : {"a", "b", "c"}) last.add({.target = name});
  ASSERT_EQ(last.all().size(), 2U);
  EXPECT_EQ(last.all().front().target, "b");
  EXPECT_EQ(last.all().back().number, 3U);
}

class TrafficBook : public testing::Test {
 protected:
  static void carry(const std::shared_ptr<traffic_book>& book) {
    book_entry entry(book, {.target = {"www.example.org", 443}, .source = "192.0.2.7", .user = "alice"});
    entry.crossed(1, false);
    entry.crossed(2, true);
    entry.ended(relayed::ending::local_reset);
  }
  std::shared_ptr<traffic_book> open(bool destinations = true) const {
    return std::make_shared<traffic_book>(open_state_dir(files / "state"), destinations);
  }
  std::string kept() const {
    std::ifstream file(files / "state/totals.json");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static amount of(const traffic_book& book, kind what) {
    const auto rows = book.all().rows(what, book.today());
    return rows.empty() ? amount{} : rows.front().today;
  }

  lab::temp_dir files;
};

TEST_F(TrafficBook, CountsAStreamWhileItLastsAndKnowsWhyItEnded) {
  const auto book = std::make_shared<traffic_book>();
  {
    book_entry entry(book, {.target = {"www.example.org", 443}, .source = "192.0.2.7"});
    EXPECT_EQ(entry.crossed(5, true), 0ns) << "it holds nothing up";
    EXPECT_EQ(of(*book, kind::destination), (amount{0, 5}));
    EXPECT_EQ(of(*book, kind::source), (amount{0, 5}));
    EXPECT_EQ(of(*book, kind::user), amount{}) << "it has none";
    EXPECT_TRUE(book->closed().all().empty());
    entry.ended(relayed::ending::closed);
  }
  ASSERT_EQ(book->closed().all().size(), 1U);
  const closed_stream& told = book->closed().all().front();
  EXPECT_EQ(told.target, "www.example.org:443");
  EXPECT_EQ(told.bytes_down, 5U);
  EXPECT_EQ(told.ended, "closed");
}

TEST_F(TrafficBook, OutlivesTheProgram) {
  {
    const auto book = open();
    carry(book);
    book->save();
  }
  const auto book = open();
  carry(book);
  EXPECT_EQ(of(*book, kind::destination), (amount{2, 4}));
  EXPECT_EQ(of(*book, kind::user), (amount{2, 4}));
  EXPECT_EQ(book->closed().all().size(), 1U) << "these do not";
}

TEST_F(TrafficBook, IsKeptMeanwhileAMinuteApart) {
  const auto book = open();
  carry(book);
  book->save_meanwhile(1h);
  carry(book);
  book->save_meanwhile(1h + 59s);
  while (kept().find("[1,2]") == std::string::npos) std::this_thread::yield();
  EXPECT_EQ(kept().find("[2,4]"), std::string::npos);
  while (kept().find("[2,4]") == std::string::npos) {
    book->save_meanwhile(1h + 60s);  // at once, unless the thread of the first one has not ended yet
    std::this_thread::yield();
  }
}

TEST_F(TrafficBook, ForgetsDestinationsThatItIsNotToKeepOnTheDiskToo) {
  {
    const auto book = open();
    carry(book);
    book->save();
  }
  EXPECT_NE(kept().find("example.org"), std::string::npos);
  {
    const auto book = open(false);
    carry(book);
    EXPECT_TRUE(book->all().rows(kind::destination, book->today()).empty());
    EXPECT_EQ(book->closed().all().front().target, "");
    book->save();
  }
  EXPECT_EQ(kept().find("example.org"), std::string::npos);
  EXPECT_NE(kept().find("192.0.2.7"), std::string::npos);
}

TEST_F(TrafficBook, NamesTheFileThatItCannotUnderstand) {
  open()->save();
  std::ofstream(files / "state/totals.json") << "{";
  try {
    open();
    FAIL();
  } catch (const settings_error& e) {
    EXPECT_NE(std::string(e.what()).find("/state/totals.json: it is damaged"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace mtcp::program
