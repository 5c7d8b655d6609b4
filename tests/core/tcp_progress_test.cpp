// Whether TCP carries the frame that is waited for.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/tcp_progress.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(TcpProgress, OnlyTheFrameThatIsWaitedForCounts) {
  tcp_progress tcp;
  tcp.update(5'000, 1'000, 1s);  // the wait begins here
  tcp.update(5'400, 1'000, 2s);
  EXPECT_EQ(tcp.at(), 2s);
  tcp.update(5'400, 1'000, 3s);
  EXPECT_EQ(tcp.at(), 2s) << "nothing moves";
  tcp.update(7'000, 1'000, 4s);
  EXPECT_EQ(tcp.at(), 2s) << "the frame is across: what comes behind it may be in the buffer of a relay";
}

TEST(TcpProgress, TheNextFrameIsAnotherWait) {
  tcp_progress tcp;
  tcp.update(0, 1'000, 1s);
  tcp.update(9'000, 1'000, 2s);
  tcp.next_frame();
  tcp.update(9'000, 1'000, 3s);
  tcp.update(9'500, 1'000, 4s);
  EXPECT_EQ(tcp.at(), 4s);
}

}  // namespace
}  // namespace mtcp::core::test
