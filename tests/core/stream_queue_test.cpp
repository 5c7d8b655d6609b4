// Whose turn it is among streams.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/stream/stream_queue.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(StreamQueue, ASparseStreamIsOneThatSendsLittleWithinFiftyMilliseconds) {
  sparse_meter meter;
  EXPECT_TRUE(meter.sparse(1s));
  meter.on_sent(20'000, 1s);
  EXPECT_FALSE(meter.sparse(1s + 49ms));
  EXPECT_TRUE(meter.sparse(1s + 50ms));
}

}  // namespace
}  // namespace mtcp::core::test
