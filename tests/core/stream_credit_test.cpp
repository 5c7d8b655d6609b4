// Credit of single streams out of one budget.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/stream/stream_credit.hpp"

namespace mtcp::core::test {
namespace {

/// Streams that share a small budget.
struct StreamCredit : testing::Test {
  static limits small() {
    limits l;
    l.receive_budget = 256 << 10;
    return l;
  }
  stream_state& begin() {
    stream_state& s = streams.emplace_back();
    s.id = streams.size();
    credit.begin(s);
    credit.open(s);
    return s;
  }
  /// All that was granted arrives and is read. True if the peer should be told of more.
  bool read_all(stream_state& s) {
    const std::uint64_t from = s.receive.highest(), end = s.receive.window().granted();
    const std::string bytes(end - from, 'x');
    s.receive.advance(end);
    s.receive.insert(from, slice::copy_of(bytes_of(bytes)));
    std::string out(bytes.size(), ' ');
    s.receive.read([&](reorder_buffer& in) { return in.read(std::as_writable_bytes(std::span(out))); });
    return credit.on_read(s, bytes.size(), {}, timestamp{1});
  }
  std::vector<stream_id> feed() {
    std::vector<stream_id> told;
    credit.feed([this](stream_id id) { return &streams.at(id - 1); }, [&](stream_state& s) { told.push_back(s.id); });
    return told;
  }

  std::deque<stream_state> streams;
  stream_credit credit{small()};
};

TEST_F(StreamCredit, EveryStreamGetsTheLeast) {
  for (int i = 0; i < 100; ++i) EXPECT_GE(begin().receive.window().granted(), small().early_limit);
}

TEST_F(StreamCredit, WhatIsReadIsGrantedAgain) {
  stream_state& s = begin();
  const std::uint64_t first = s.receive.window().granted();
  EXPECT_TRUE(read_all(s));
  EXPECT_GT(s.receive.window().granted(), first);
}

TEST_F(StreamCredit, ThoseThatTheBudgetCouldNotRaiseAreFedWhenOneEnds) {
  stream_state& large = begin();
  std::vector<stream_state*> others;
  for (int i = 0; i < 20; ++i) others.push_back(&begin());
  for (int i = 0; i < 3; ++i) {
    for (stream_state* s : others) read_all(*s);
  }
  EXPECT_TRUE(others.back()->waits_for_budget);
  credit.end(large);
  EXPECT_FALSE(feed().empty());
}

TEST_F(StreamCredit, GivesAllBack) {
  for (int i = 0; i < 10; ++i) begin();
  credit.finish(streams[0], 0);
  for (stream_state& s : streams) credit.end(s);
  EXPECT_EQ(credit.granted(), 0U);
}

}  // namespace
}  // namespace mtcp::core::test
