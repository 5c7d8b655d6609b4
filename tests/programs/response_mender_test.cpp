// What origins send and browsers forgive, and what cannot be forgiven.
#include "client/response_mender.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mtcp::client {
namespace {

/// What a response became, or why it is refused.
struct outcome {
  std::string text{};
  std::string fault{};
  bool over = false;
  friend bool operator==(const outcome&, const outcome&) = default;
};

outcome outcome_of(const response_mender& m, std::string text) {
  return {std::move(text), m.fault() ? m.fault() : "", m.is_over()};
}

/// Whole, cut in two at every place, and byte by byte: always the same.
outcome mend(const std::string& raw, bool to_head = false) {
  response_mender whole(to_head), bytewise(to_head);
  std::string text, other;
  whole.put(raw, text);
  const outcome expected = outcome_of(whole, text);
  for (const char c : raw) bytewise.put({&c, 1}, other);
  EXPECT_EQ(outcome_of(bytewise, other), expected) << raw;
  for (std::size_t cut = 0; cut <= raw.size() && raw.size() < 1000; ++cut) {
    response_mender m(to_head);
    std::string out;
    m.put(raw.substr(0, cut), out);
    m.put(raw.substr(cut), out);
    EXPECT_EQ(outcome_of(m, out), expected) << raw << " cut at " << cut;
  }
  return expected;
}

/// What a response with these fields becomes, its status line left out.
std::string fields(const std::string& lines, const std::string& status = "HTTP/1.1 200 OK") {
  const outcome got = mend(status + "\r\n" + lines + "\r\n");
  if (!got.fault.empty()) return got.fault;
  return got.text.substr(got.text.find("\r\n") + 2);
}

std::string status_line(const std::string& line) {
  const outcome got = mend(line + "\r\n\r\n");
  return got.fault.empty() ? got.text.substr(0, got.text.find("\r\n")) : got.fault;
}

TEST(ResponseHead, StaysAsItIsIfNothingIsWrong) {
  const std::string text = "HTTP/1.1 404 Not Found\r\nX: a b,\tc\r\nContent-Length: 2\r\n\r\nok";
  const outcome got = mend(text);
  EXPECT_EQ(got.text, text);
  EXPECT_TRUE(got.over);
}

TEST(ResponseHead, MayBeginInManyWays) {
  EXPECT_EQ(status_line("HTTP/1.1 200"), "HTTP/1.1 200 ");
  EXPECT_EQ(status_line("HTTP/1.1 200 "), "HTTP/1.1 200 ");
  EXPECT_EQ(status_line("HTTP/1.0 200 OK"), "HTTP/1.0 200 OK");
  EXPECT_EQ(status_line("HTTP/1.1  200\t OK "), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_line("HTTP/1.1 200OK"), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_line("HTTP/1.1 999 a\x01"
                        "b"),
            "HTTP/1.1 999 a b");
  EXPECT_EQ(status_line("HTTP/1.1 200 \xe9t\xe9"), "HTTP/1.1 200 \xe9t\xe9");
  EXPECT_EQ(status_line("http/1.1 200 OK"), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_line("HTTP/1.2 200 OK"), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_line("HTTP/1 200 OK"), "HTTP/1.0 200 OK");
  EXPECT_EQ(status_line("HTTP 200 OK"), "HTTP/1.0 200 OK");
  EXPECT_EQ(status_line("ICY 200 OK"), "HTTP/1.0 200 OK");
  EXPECT_EQ(status_line("\r\n\n  \r\nHTTP/1.1 200 OK"), "HTTP/1.1 200 OK");
}

TEST(ResponseHead, MustBeHttp) {
  for (const char* bad :
       {"hello", "SSH-2.0-x", "HTTPS/1.1 200 OK", "HTT", "ICYX 200 OK", "H\rTTP/1.1 200", "220 ready"})
    EXPECT_EQ(status_line(bad), "is no HTTP") << bad;
  for (const char* bad : {"HTTP/2.0 200 OK", "HTTP/2 200", "HTTP/0.9 200 OK", "HTTP/1.x 200 OK", "HTTP/1.10 200 OK"})
    EXPECT_EQ(status_line(bad), "is in a version of HTTP that was not asked for") << bad;
  for (const char* bad : {"HTTP/1.1", "HTTP/1.1 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "ICY",
                          "HTTP/1.1 -20 OK", "HTTP/1.1 2x0 OK"})
    EXPECT_EQ(status_line(bad), "has no status code of three digits") << bad;
}

TEST(ResponseHead, IsJudgedBeforeItsEnd) {
  for (const char* begin : {"220", "SSH-2.0-x\r\n", "HTTP/2 200 OK\r\n", "HTTQ"}) {
    response_mender m(false);
    std::string out;
    m.put(begin, out);
    EXPECT_TRUE(m.fault()) << begin;
  }
}

TEST(ResponseHead, MayHaveBareLineFeeds) {
  EXPECT_EQ(mend("HTTP/1.1 200 OK\nX: 1\nContent-Length: 2\n\nok").text,
            "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(mend("HTTP/1.1 200 OK\r\nX: 1\n\r\nok").text, "HTTP/1.1 200 OK\r\nX: 1\r\n\r\nok");
  EXPECT_EQ(mend("HTTP/1.1 200 OK\nX: 1\r\n\nok").text, "HTTP/1.1 200 OK\r\nX: 1\r\n\r\nok");
  EXPECT_EQ(mend("HTTP/1.1 200 OK\r\r\nX: 1\r\r\n\r\r\nok").text, "HTTP/1.1 200 OK\r\nX: 1\r\n\r\nok");
}

TEST(ResponseHead, LosesLinesThatAreNoFields) {
  EXPECT_EQ(fields("X: 1\r\nno colon\r\n: y\r\na b: 2\r\na(: 3\r\n\x01: 4\r\n\xe9: 5\r\nY: 6\r\n"),
            "X: 1\r\nY: 6\r\n\r\n");
  EXPECT_EQ(fields("bad line\r\n folded: 1\r\nY: 6\r\n"), "Y: 6\r\n\r\n") << "with what is folded behind them";
  EXPECT_EQ(fields(" X: 1\r\n Z: 2\r\nY: 6\r\n"), "Y: 6\r\n\r\n") << "what is folded belongs to no status line";
  EXPECT_EQ(fields("Content-Length\x0b: 5\r\n"), "\r\n") << "a name is not mended";
}

TEST(ResponseHead, LosesBlanksBeforeColons) {
  EXPECT_EQ(fields("X : 1\r\nY\t \t:2\r\nContent-Length : 3\r\n"), "X: 1\r\nY: 2\r\nContent-Length: 3\r\n\r\n");
}

TEST(ResponseHead, HasFoldedLinesJoined) {
  EXPECT_EQ(fields("X: a\r\n b\r\n\t  c\r\nY:\r\n 1\r\nZ: 2\r\n \r\n"), "X: a b c\r\nY: 1\r\nZ: 2\r\n\r\n");
  EXPECT_EQ(fields("Content-Length:\r\n 5\r\n"), "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(fields("Content-Length: 5\r\n 6\r\n"), "has a malformed Content-Length");
}

TEST(ResponseHead, HasNoControlCharactersInValues) {
  EXPECT_EQ(fields(std::string("X: a\0b\x01"
                               "c\x7f"
                               "d\re\x0b\r\n",
                               15)),
            "X: a b c d e\r\n\r\n");
}

TEST(ResponseHead, HasOptionsOfConnectionsThatAreTokens) {
  EXPECT_EQ(fields("Connection: close;, keep alive, x\r\nProxy-Connection: ,\r\n"), "Connection: x\r\n\r\n");
}

TEST(ResponseHead, IsBounded) {
  const std::string line(1000, 'x');
  std::string many = "HTTP/1.1 200 OK\r\n";
  while (many.size() < response_mender::max_head) many += "X: " + line + "\r\n";
  EXPECT_EQ(mend(many + "\r\n").fault, "has a head of more than 64 KiB");
  EXPECT_EQ(mend("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n").fault,
            "has a head of more than 64 KiB");
  EXPECT_EQ(mend(std::string(70'000, '\n')).fault, "has a head of more than 64 KiB");
}

TEST(ResponseFraming, SaysOneThing) {
  EXPECT_EQ(fields("Content-Length: 5\r\nContent-Length: 5\r\n"), "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(fields("Content-Length: 5, 5\r\n"), "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(fields("Content-Length: 005\r\n"), "Content-Length: 5\r\n\r\n");
  for (const char* two : {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 6\r\n"})
    EXPECT_EQ(fields(two), "has two Content-Lengths that differ") << two;
  for (const char* bad :
       {"", "x", "-1", "+1", "0x5", "5 6", "5;", "5,", "5.0", "99999999999999999999", "9223372036854775808", "\"5\""})
    EXPECT_EQ(fields("Content-Length: " + std::string(bad) + "\r\n"), "has a malformed Content-Length") << bad;
}

TEST(ResponseFraming, PrefersChunks) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  for (const char* lines :
       {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: x\r\nTransfer-Encoding : Chunked\r\n", "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n\tchunked\r\n",
        "Transfer-Encoding: ,chunked,\r\n"})
    EXPECT_EQ(fields(lines), chunked) << lines;
  EXPECT_EQ(fields("Transfer-Encoding: gzip, chunked\r\n"), "Transfer-Encoding: gzip, chunked\r\n\r\n");
}

TEST(ResponseFraming, DoesNotKnowIdentity) {
  EXPECT_EQ(fields("Transfer-Encoding: identity\r\nContent-Length: 5\r\n"), "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(fields("Transfer-Encoding: Identity\r\n"), "\r\n");
  const outcome got = mend("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nokmore");
  EXPECT_TRUE(got.over);
  EXPECT_TRUE(got.text.ends_with("\r\n\r\nok"));
}

TEST(ResponseFraming, IsRefusedIfItCanBeReadTwoWays) {
  EXPECT_EQ(fields("Transfer-Encoding: chunked, gzip\r\n"), "has a Transfer-Encoding that does not end with chunked");
  EXPECT_EQ(fields("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"),
            "has both a Content-Length and a Transfer-Encoding other than chunked");
  for (const char* bad : {"xx xx", "\"chunked\"", "chunked;q=1", "chunked chunked", "chunked-not", "gzip;q=1, chunked",
                          "x ; y=z, chunked", "gzip;x=\"a, chunked\""})
    EXPECT_EQ(fields("Transfer-Encoding: " + std::string(bad) + "\r\n"), "has a malformed Transfer-Encoding") << bad;
}

TEST(ResponseFraming, IsNothingWhereThereIsNoBody) {
  EXPECT_EQ(fields("Content-Length: 5\r\n", "HTTP/1.1 204 No Content"), "\r\n");
  EXPECT_EQ(fields("Content-Length: 5\r\n", "HTTP/1.1 304 Not Modified"), "Content-Length: 5\r\n\r\n");
  const outcome head = mend("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true);
  EXPECT_TRUE(head.over);
  EXPECT_TRUE(head.text.ends_with("Content-Length: 5\r\n\r\n"));
}

const std::string chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(ResponseChunks, BecomePlain) {
  const std::string expected = chunked_head + "a\r\n0123456789\r\n2\r\nok\r\n0\r\n\r\n";
  for (const char* body :
       {"a\r\n0123456789\r\n2\r\nok\r\n0\r\n\r\n", "A  \r\n0123456789\r\n0002\t \r\nok\r\n0 \r\n\r\n",
        "a\n0123456789\n2\nok\n0\n\n", "a;x=\"y;\"\r\n0123456789\r\n2 ; z\r\nok\r\n000;e\r\n\r\n",
        "a\r\n0123456789\r\n2\r\nok\r\n0\r\nX: 1\r\nbad line\nY: 2\r\n\r\n"}) {
    const outcome got = mend(chunked_head + body);
    EXPECT_EQ(got.text, expected) << body;
    EXPECT_TRUE(got.over);
  }
}

TEST(ResponseChunks, AreRefusedOtherwise) {
  for (const char* bad :
       {"\r\n", "x\r\n", " 5\r\n", "0x5\r\n", "-5\r\n", "+5\r\n", "5 5\r\n", "5 x\r\n", ";x\r\n",
        "ffffffffffffffff\r\n", "8000000000000000\r\n", "11111111111111111\r\n", "5\r;x\r\n", "5\r\r\n"}) {
    const outcome got = mend(chunked_head + "2\r\nok\r\n" + bad + "hello\r\n0\r\n\r\n");
    EXPECT_EQ(got.fault, "has a malformed chunk") << bad;
    EXPECT_EQ(got.text, chunked_head + "2\r\nok\r\n") << "what came before goes on";
  }
  EXPECT_EQ(mend(chunked_head + "2\r\nokk\r\n").fault, "has a malformed chunk");
  EXPECT_EQ(mend(chunked_head + "2\r\nok\r\r\n").fault, "has a malformed chunk");
  EXPECT_EQ(mend(chunked_head + "2;" + std::string(20'000, 'x') + "\r\nok").fault, "has a malformed chunk");
  EXPECT_EQ(mend(chunked_head + "0\r\n" + std::string(70'000, 'x')).fault, "has trailers of more than 64 KiB");
}

TEST(ResponseMender, KnowsInterimResponses) {
  const outcome got = mend(
      "HTTP/1.1 100\n\nHTTP/1.1 103 Early Hints\r\nLink : x\r\n\r\n\r\nHTTP/1.1 200\r\n"
      "Content-Length: 2\r\n\r\nok");
  EXPECT_EQ(got.text,
            "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 \r\n"
            "Content-Length: 2\r\n\r\nok");
  EXPECT_TRUE(got.over);
}

TEST(ResponseMender, LetsAnotherProtocolPass) {
  EXPECT_TRUE(mend("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\n\n\r\n")
                  .text.ends_with("\r\n\r\n\x81\n\n\r\n"));
}

TEST(ResponseMender, LeavesWhatFollowsAlone) {
  response_mender m(false);
  std::string out;
  EXPECT_EQ(m.put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1", out), 40u);
  EXPECT_EQ(m.put("more", out), 0u);
}

TEST(ResponseMender, TellsWhatNeedsNoMending) {
  response_mender m(false);
  std::string out;
  m.put(chunked_head + "1000\r\nx", out);
  EXPECT_EQ(m.plain(), 0xfffu);
  m.pass(0xffe);
  EXPECT_EQ(m.plain(), 1u);
  m.pass(1);
  EXPECT_EQ(m.plain(), 0u);
  out.clear();
  m.put("\r\n0\r\n\r\n", out);
  EXPECT_EQ(out, "\r\n0\r\n\r\n");
  EXPECT_TRUE(m.is_over());
}

}  // namespace
}  // namespace mtcp::client
