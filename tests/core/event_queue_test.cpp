// Events that wait.
#include <gtest/gtest.h>

#include "mtcp/core/event_queue.hpp"

namespace mtcp::core::test {
namespace {

TEST(EventQueue, GivesEventsInTheirOrder) {
  event_queue queue;
  EXPECT_FALSE(queue.poll());
  queue.push(events::opened{1});
  queue.push(events::failed{violation::flood});
  EXPECT_TRUE(std::holds_alternative<events::opened>(*queue.poll()));
  EXPECT_TRUE(std::holds_alternative<events::failed>(*queue.poll()));
  EXPECT_FALSE(queue.poll());
}

TEST(EventQueue, DropsThoseOfAStreamThatNobodyKnowsAnyMore) {
  event_queue queue;
  queue.push(events::readable{1});
  queue.push(events::readable{2});
  queue.push(events::bridge_suspect{1, observer::self});
  queue.push(events::stopped{1, reset_code::reset});
  queue.drop(1);
  EXPECT_EQ(stream_of(*queue.poll()), 2U);
  EXPECT_EQ(std::get<events::bridge_suspect>(*queue.poll()).bridge, 1U) << "that is a bridge";
  EXPECT_FALSE(queue.poll());
}

}  // namespace
}  // namespace mtcp::core::test
