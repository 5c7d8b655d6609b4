// Whose turn it is among streams.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "core/bytes.hpp"
#include "mtcp/core/scheduler.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

using place = stream_queue::place;

stream_state stream_with(stream_id id, std::size_t bytes) {
  stream_state s;
  s.id = id;
  s.send.raise_limit(1 << 20);
  s.send.append(bytes_of(std::string(bytes, 'x')));
  return s;
}

TEST(Scheduler, ANewStreamIsSparseUntilItHasSentMuch) {
  scheduler turns;
  stream_state s = stream_with(1, 100'000);
  turns.enter(s, 1s);
  turns.enter(s, 1s);
  EXPECT_EQ(turns.front(place::sparse), 1U);
  turns.on_sent(s, 20'000, 1s);
  turns.after_turn(place::sparse, s, 1s);
  EXPECT_TRUE(turns.empty(place::sparse)) << "it was queued once";
  EXPECT_EQ(turns.front(place::bulk), 1U);
}

TEST(Scheduler, BulkStreamsTakeTurnsByTheirQuantum) {
  scheduler turns;
  stream_state a = stream_with(1, 500'000), b = stream_with(2, 500'000);
  for (stream_state* s : {&a, &b}) {
    turns.on_sent(*s, 20'000, 1s);
    turns.enter(*s, 1s);
  }
  ASSERT_EQ(turns.front(place::bulk), 1U);
  turns.give_quantum(a);  // it owed something
  turns.on_sent(a, 40'000, 1s);
  turns.after_turn(place::bulk, a, 1s);
  EXPECT_EQ(turns.front(place::bulk), 1U) << "it has some left";
  turns.on_sent(a, 40'000, 1s);
  turns.after_turn(place::bulk, a, 1s);
  EXPECT_EQ(turns.front(place::bulk), 2U);
}

TEST(Scheduler, WhoHasNothingToSendOrNoCreditDoesNotEnter) {
  scheduler turns;
  stream_state empty = stream_with(1, 0);
  stream_state blocked;
  blocked.send.append(bytes_of("x"));
  turns.enter(empty, 1s);
  turns.enter(blocked, 1s);
  EXPECT_TRUE(turns.empty());
}

TEST(Scheduler, WhoLeavesMayEnterAgain) {
  scheduler turns;
  stream_state s = stream_with(1, 100);
  turns.enter(s, 1s);
  turns.leave(place::sparse, &s);
  EXPECT_TRUE(turns.empty());
  turns.enter(s, 1s);
  EXPECT_FALSE(turns.empty());
}

TEST(Scheduler, AMessageOfASparseStreamBeginsAConversation) {
  scheduler turns;
  const stream_state s = stream_with(1, 0);
  EXPECT_FALSE(turns.conversing(1s));
  turns.after_last(place::bulk, s, 1s);
  EXPECT_FALSE(turns.conversing(1s));
  turns.after_last(place::sparse, s, 1s);
  EXPECT_TRUE(turns.conversing(1s + 499ms));
  EXPECT_FALSE(turns.conversing(1s + 500ms));
}

TEST(Scheduler, LooksNowAndThenAndWhenSomethingChanged) {
  scheduler turns;
  EXPECT_TRUE(turns.time_for_a_look(1s));
  turns.on_round(1s);
  EXPECT_FALSE(turns.time_for_a_look(1s));
  EXPECT_TRUE(turns.time_for_a_look(1s + 1ms));
  turns.look_soon();
  EXPECT_TRUE(turns.time_for_a_look(1s));
}

}  // namespace
}  // namespace mtcp::core::test
