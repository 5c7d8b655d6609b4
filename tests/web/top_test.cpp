// The pictures of `top`, and the characters that may be in them.
#include <gtest/gtest.h>

#include <clocale>

#include "program/utf8.hpp"
#include "top/frame.hpp"
#include "top/text.hpp"

namespace mtcp::top {
namespace {

class Text : public testing::Test {
 protected:
  Text() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
  ~Text() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(Text, FillsAndCutsToColumns) {
  EXPECT_EQ(fitted("abc", 5), "abc  ");
  EXPECT_EQ(fitted("abcde", 5), "abcde");
  EXPECT_EQ(fitted("abcdef", 5), "abcd~");
  EXPECT_EQ(fitted("abc", 0), "");
  EXPECT_EQ(right("abc", 5), "  abc");
  EXPECT_EQ(fitted("Jörg", 5), "Jörg ");
  EXPECT_EQ(fitted("日本語", 7), "日本語 ");
  EXPECT_EQ(fitted("日本語", 5), "日本~");
  EXPECT_EQ(fitted("日本語", 4), "日~ ");  // half a character does not fit
}

TEST_F(Text, CutsTheMiddleOfWhatDiffersAtItsEnd) {
  EXPECT_EQ(fitted_ends("1 127.0.0.1:28411", 20), "1 127.0.0.1:28411   ");
  EXPECT_EQ(fitted_ends("1 127.0.0.1:28411", 15), "1 12~.0.1:28411");
  EXPECT_EQ(fitted_ends("1 127.0.0.1:28412", 15), "1 12~.0.1:28412");
  EXPECT_EQ(fitted_ends("abcdef", 2), "a~");
  EXPECT_EQ(fitted_ends("日本語日本語", 6), "~本語 ");  // half a character does not fit
  EXPECT_EQ(fitted_ends("\033[2J 127.0.0.1:1", 9), "?[~.0.1:1");
}

TEST_F(Text, LetsNothingThroughThatATerminalObeys) {
  EXPECT_EQ(fitted("\033[2Jx\a\b\r\n\x7f", 12), "?[2Jx?????  ");
  EXPECT_EQ(fitted("\xc2\x9b"
                   "31m",
                   6),
            "?31m  ");                                                  // CSI as one character
  EXPECT_EQ(fitted("a\x9b\xff\xc3", 6), "a???  ");                      // the same as bytes
  EXPECT_EQ(fitted("\u202egro.live\u0301\u200b", 12), "?gro.live?? ");  // right to left, combining, no width
}

TEST_F(Text, HasOnlyAsciiWithoutALocale) {
  std::setlocale(LC_CTYPE, "C");
  EXPECT_EQ(fitted("Jörg", 5), "J?rg ");
}

TEST_F(Text, TakesOnlyValidUtf8) {
  for (const char* wrong : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
                            "\xe2\x82", "\x80", "\xf0\x9f\x98"}) {
    std::string_view text = wrong;
    EXPECT_FALSE(program::take_character(text).valid) << wrong;
  }
  std::string_view text = "\xf0\x9f\x98\x80z";
  EXPECT_EQ(program::take_character(text).code, U'😀');
  EXPECT_EQ(text, "z");
}

TEST_F(Text, WritesFigures) {
  EXPECT_EQ(bytes(0), "0 B");
  EXPECT_EQ(bytes(999), "999 B");
  EXPECT_EQ(bytes(12'345), "12.3 kB");
  EXPECT_EQ(bytes(999'600), "1.0 MB");
  EXPECT_EQ(bytes(-1), "0 B");
  EXPECT_EQ(rate(0.1), "-");
  EXPECT_EQ(duration(245), "4 m 05 s");
  EXPECT_EQ(duration(1e300).size(), duration(1e9).size());
  EXPECT_EQ(bar(0.5, 4, false), "##  ");
  EXPECT_EQ(bar(7, 4, true), "████");
  EXPECT_EQ(bar(0.125, 4, true), "▌   ");
}

view busy(std::size_t bridges, std::size_t streams) {
  view v;
  v.role = "client";
  v.version = "1.2.3";
  v.rate_down = 4e6;
  tunnel_part& t = v.tunnels.emplace_back();
  for (std::size_t i = 1; i <= bridges; ++i)
    t.bridges.push_back({.id = i, .path = "a:1", .state = "up", .rate_down = 4e6 / static_cast<double>(bridges)});
  for (std::size_t i = 0; i < streams; ++i)
    v.streams.push_back({.target = "host" + std::to_string(i) + ":443", .rate_down = 1e5});
  return v;
}

std::string all(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& l : lines) out += l + '\n';
  return out;
}

TEST(Frame, FitsIntoTheTerminal) {
  for (const std::size_t rows : {1U, 2U, 5U, 9U, 10U, 24U, 60U})
    for (const std::size_t count : {0U, 1U, 5U, 500U}) {
      const auto lines = draw(busy(count, count), "a notice", {.columns = 80, .rows = rows});
      EXPECT_LE(lines.size(), rows);
      for (const std::string& l : lines) EXPECT_LE(l.size(), 80U) << l;
    }
}

TEST(Frame, SharesTheRowsBetweenBridgesAndStreams) {
  const std::string few = all(draw(busy(4, 500), "", {}));
  EXPECT_NE(few.find("4 a:1"), std::string::npos) << few;
  EXPECT_NE(few.find("host8:443"), std::string::npos) << few;
  EXPECT_NE(few.find("more"), std::string::npos);
  const std::string many = all(draw(busy(500, 3), "", {}));
  EXPECT_NE(many.find("host2:443"), std::string::npos) << many;
  EXPECT_NE(many.find("5 a:1"), std::string::npos) << many;
}

TEST(Frame, SaysWhyABridgeIsDown) {
  view v = busy(2, 0);
  v.tunnels[0].bridges[1].state = "down";
  v.tunnels[0].bridges[1].last_error = "Connection refused";
  const std::string text = all(draw(v, "", {}));
  EXPECT_NE(text.find("1/2 bridges up"), std::string::npos) << text;
  EXPECT_NE(text.find("down      Connection refused"), std::string::npos) << text;
}

TEST(Frame, SaysWhatAPathIsFor) {
  view v = busy(3, 0);
  tunnel_part& t = v.tunnels[0];
  t.paths = {{.name = "a:1", .role = "active", .direction = "both"},
             {.name = "b:2",
              .role = "backup",
              .direction = "down",
              .congestion = "bbr",
              .proxy = "http://p:3128",
              .rate_limit = 6.25e6}};
  t.bridges[1].path = t.bridges[2].path = "b:2";
  t.bridges[2].state = "suspect";
  const std::string text = all(draw(v, "", {}));
  EXPECT_EQ(text.find("a:1: "), std::string::npos) << "a plain path needs no words\n" << text;
  EXPECT_NE(text.find("\nb:2: backup, down only, at most 6.2 MB/s, bbr, by way of http://p:3128 "), std::string::npos)
      << text;
  EXPECT_NE(text.find("\n2 b:2            backup "), std::string::npos) << text;
  EXPECT_NE(text.find("\n3 b:2            suspect "), std::string::npos) << "what is wrong comes first\n" << text;
  for (const std::size_t rows : {6U, 7U, 8U, 9U, 10U}) EXPECT_LE(draw(v, "", {.rows = rows}).size(), rows);
}

TEST(Frame, SaysWhatAPathWasFoundToDo) {
  view v = busy(1, 0);
  v.tunnels[0].paths = {{.name = "a:1", .last_replacement = "faded", .fades_after = 64e6, .dials_held = 43}};
  v.tunnels[0].bridges[0].path = "a:1";
  const std::string text = all(draw(v, "", {}));
  EXPECT_NE(text.find("a:1: fades after 64.0 MB, dials paused for 43 s, last replaced: faded"), std::string::npos)
      << text;
}

TEST(Frame, SaysWhyLittleIsCarried) {
  view v = busy(4, 0);
  tunnel_part& t = v.tunnels[0];
  t.paths = {{.name = "a:1", .role = "active"},
             {.name = "b:2", .role = "backup", .direction = "down", .why = "backup: not needed"},
             {.name = "c:3", .role = "active", .why = "dials paused for 43 s: nobody answers", .dials_held = 43}};
  t.bridges[1].why = "suspect since 2 s: no progress while others make some";
  t.bridges[2].path = "b:2";
  t.bridges[2].why = "backup: not needed";
  t.bridges[3] = {.path = "c:3", .state = "down", .last_error = "timed out", .why = t.paths[2].why};
  const std::string text = all(draw(v, "", {}));
  const auto first = [&](const char* what) { return text.find(what); };
  EXPECT_NE(first("\n  suspect since 2 s: no progress while others make some "), std::string::npos) << text;
  EXPECT_LT(first("\n2 a:1 "), first("\n  suspect since")) << "below its bridge";
  EXPECT_NE(first("\nb:2: backup: not needed, down only "), std::string::npos) << text;
  EXPECT_EQ(first("\n  backup"), std::string::npos) << "its path has said so";
  EXPECT_NE(first("\nc:3: dials paused for 43 s: nobody answers  "), std::string::npos) << "once\n" << text;
  for (const std::size_t rows : {6U, 7U, 8U, 9U, 10U, 11U, 12U}) EXPECT_LE(draw(v, "", {.rows = rows}).size(), rows);
}

TEST(Frame, SaysWhatAPathHasUsedOfItsQuota) {
  view v = busy(1, 0);
  v.tunnels[0].paths = {
      {.name = "a:1", .quota = 5e9, .quota_used = 5e9, .quota_period = "month", .quota_is_used_up = true}};
  v.tunnels[0].bridges[0].path = "a:1";
  const std::string text = all(draw(v, "", {}));
  EXPECT_NE(text.find("a:1: 5.0 GB of 5.0 GB a month: used up"), std::string::npos) << text;
}

TEST(Frame, SaysWhatAKeyHasCarriedThisMonth) {
  view v = busy(1, 0);
  v.tunnels[0].user = "alice";
  v.tunnels[0].session = "0123abcd";
  v.tunnels[0].month = 5e9;
  v.tunnels[0].max_month = 20e9;
  EXPECT_NE(all(draw(v, "", {})).find("alice, session 0123abcd, 5.0 GB of 20.0 GB this month"), std::string::npos);
  v.tunnels[0].max_month = 0;
  EXPECT_EQ(all(draw(v, "", {})).find("this month"), std::string::npos);
  v.quota_used_up = true;
  EXPECT_NE(all(draw(v, "", {})).find("the key has carried all that it may this month"), std::string::npos);
  for (const std::size_t rows : {6U, 7U, 8U}) EXPECT_LE(draw(v, "", {.rows = rows}).size(), rows);
}

TEST(Frame, SaysWhatItWaitsFor) {
  view v = busy(0, 0);
  v.tunnels[0].vacant = {"wl*"};
  const std::string text = all(draw(v, "", {}));
  EXPECT_NE(text.find("\nwaiting for an interface with a default route: wl* "), std::string::npos) << text;
  for (const std::size_t rows : {6U, 7U, 8U}) EXPECT_LE(draw(v, "", {.rows = rows}).size(), rows);
}

TEST(Frame, TellsPathsApartThatDifferInTheirPorts) {
  view v = busy(2, 0);
  v.tunnels[0].bridges[0].path = "server.example.org:28411";
  v.tunnels[0].bridges[1].path = "server.example.org:28412";
  const std::string text = all(draw(v, "", {}));
  EXPECT_NE(text.find(":28411 "), std::string::npos) << text;
  EXPECT_NE(text.find(":28412 "), std::string::npos) << text;
}

TEST(Frame, HasNoEscapesOfOthers) {
  view v = busy(1, 1);
  v.role = v.version = v.tunnels[0].user = v.tunnels[0].bridges[0].path = "\033]0;owned\a";
  v.tunnels[0].paths = {
      {.name = "\033]0;owned\a", .role = "backup", .direction = "up", .congestion = "\033[31m", .proxy = "\033[31m"}};
  v.tunnels[0].bridges[0].state = v.streams[0].target = "\033[31m";
  const std::string text = all(draw(v, "\033[2J", {}));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\a'), std::string::npos);
}

TEST(View, ReadsBothRoles) {
  const auto client = parse_view(R"({"role": "client", "tunnel": {"rate_down": 2, "streams_active": 3,
      "paths": [{"name": "b", "role": "backup", "direction": "up", "rate_limit": 5, "congestion": "bbr", "proxy": "p", "why": "r",
                 "last_replacement": "faded", "found": {"fades_after_bytes": 7, "lives_seconds": 8, "dial_pause_seconds": 2,
                 "only_small_packets": true},
                 "quota": {"bytes": 9, "used_bytes": 4, "period": "total", "used_up": true}}],
      "patterns": [{"interface": "usb*", "paths": 1}, {"interface": "wl*", "paths": 0}]},
    "bridges": [{"id": 2, "path": "b", "why": "w"}, {"id": 1, "path": "b"}], "streams": [{"target": "x", "rate_up": 1}, {"target": "y", "direct": true, "rate_up": 2}]})");
  ASSERT_TRUE(client);
  EXPECT_EQ(client->rate_down, 2);
  EXPECT_EQ(client->streams_active, 3U);
  EXPECT_EQ(client->tunnels.at(0).bridges.at(0).id, 1U);
  EXPECT_EQ(client->streams.at(0).target, "y");
  EXPECT_EQ(client->streams.at(0).user, "direct");
  EXPECT_EQ(client->streams.at(1).user, "");
  const path_line* path = client->tunnels.at(0).path_of(client->tunnels.at(0).bridges.at(0));
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->role + path->direction + path->congestion + path->proxy, "backupupbbrp");
  EXPECT_EQ(path->rate_limit, 5);
  EXPECT_EQ(path->why, "r");
  EXPECT_EQ(client->tunnels.at(0).bridges.at(1).why, "w");
  EXPECT_EQ(path->last_replacement, "faded");
  EXPECT_EQ(path->fades_after, 7);
  EXPECT_EQ(path->lives, 8);
  EXPECT_EQ(path->freezes_up, 0);
  EXPECT_EQ(path->dial_pause, 2);
  EXPECT_TRUE(path->only_small_packets);
  EXPECT_EQ(path->quota, 9);
  EXPECT_EQ(path->quota_used, 4);
  EXPECT_EQ(path->quota_period, "total");
  EXPECT_TRUE(path->quota_is_used_up);
  EXPECT_EQ(client->tunnels[0].vacant, std::vector<std::string>{"wl*"});
  const auto server = parse_view(R"({"role": "server", "tunnels": [
    {"user": "a", "rate_up": 1, "bridges": [], "streams": [{"target": "x"}]}, {"user": "b", "rate_up": 2}],
    "keys": [{"user": "b", "month_bytes": 5, "max_month_bytes": 9}]})");
  ASSERT_TRUE(server);
  EXPECT_EQ(server->rate_up, 3);
  EXPECT_EQ(server->streams.at(0).user, "a");
  EXPECT_EQ(server->tunnels.at(0).max_month, 0);
  EXPECT_EQ(server->tunnels.at(1).month, 5);
  EXPECT_EQ(server->tunnels.at(1).max_month, 9);
}

TEST(View, SurvivesWhatIsNotOurs) {
  for (const char* text : {"", "[]", "<html>", "{}", R"({"role": 3})", "{\"role\": \"\xff\"}"})
    EXPECT_FALSE(parse_view(text)) << text;
  const auto odd = parse_view(
      R"({"role": "x", "tunnel": [], "tunnels": [1, {"bridges": {"id": 1}, "streams": [null, {"target": 5, "rate_up": "a"}]}]})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->streams.at(0).target, "");
}

}  // namespace
}  // namespace mtcp::top
