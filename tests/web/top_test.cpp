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
             {.name = "b:2", .role = "backup", .direction = "down", .congestion = "bbr", .rate_limit = 6.25e6}};
  t.bridges[1].path = t.bridges[2].path = "b:2";
  t.bridges[2].state = "suspect";
  const std::string text = all(draw(v, "", {}));
  EXPECT_EQ(text.find("a:1: "), std::string::npos) << "a plain path needs no words\n" << text;
  EXPECT_NE(text.find("\nb:2: backup, down only, at most 6.2 MB/s, bbr "), std::string::npos) << text;
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
  v.tunnels[0].paths = {{.name = "\033]0;owned\a", .role = "backup", .direction = "up", .congestion = "\033[31m"}};
  v.tunnels[0].bridges[0].state = v.streams[0].target = "\033[31m";
  const std::string text = all(draw(v, "\033[2J", {}));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\a'), std::string::npos);
}

TEST(View, ReadsBothRoles) {
  const auto client = parse_view(R"({"role": "client", "tunnel": {"rate_down": 2, "streams_active": 3,
      "paths": [{"name": "b", "role": "backup", "direction": "up", "rate_limit": 5, "congestion": "bbr",
                 "last_replacement": "faded", "found": {"fades_after_bytes": 7, "lives_seconds": 8}}]},
    "bridges": [{"id": 2, "path": "b"}, {"id": 1, "path": "b"}], "streams": [{"target": "x", "rate_up": 1}, {"target": "y", "rate_up": 2}]})");
  ASSERT_TRUE(client);
  EXPECT_EQ(client->rate_down, 2);
  EXPECT_EQ(client->streams_active, 3U);
  EXPECT_EQ(client->tunnels.at(0).bridges.at(0).id, 1U);
  EXPECT_EQ(client->streams.at(0).target, "y");
  const path_line* path = client->tunnels.at(0).path_of(client->tunnels.at(0).bridges.at(0));
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->role + path->direction + path->congestion, "backupupbbr");
  EXPECT_EQ(path->rate_limit, 5);
  EXPECT_EQ(path->last_replacement, "faded");
  EXPECT_EQ(path->fades_after, 7);
  EXPECT_EQ(path->lives, 8);
  EXPECT_EQ(path->freezes_up, 0);
  const auto server = parse_view(R"({"role": "server", "tunnels": [
    {"user": "a", "rate_up": 1, "bridges": [], "streams": [{"target": "x"}]}, {"user": "b", "rate_up": 2}]})");
  ASSERT_TRUE(server);
  EXPECT_EQ(server->rate_up, 3);
  EXPECT_EQ(server->streams.at(0).user, "a");
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
