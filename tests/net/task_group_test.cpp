#include "mtcp/net/asio/task_group.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace mtcp {
namespace {

task<> wait_for(timer& signal) { co_await signal.async_wait(use_result); }

task<> wait_for_ever() {
  const executor where = co_await asio::this_coro::executor;
  timer never(where, timer::time_point::max());
  co_await never.async_wait(use_result);
}

task<> fail() {
  throw std::runtime_error("a member that fails");
  co_return;
}

task<> note_the_end(task_group& of, bool& ended) {
  co_await of.wait();
  ended = true;
}

/// Lives as long as somebody holds it.
struct owner {
  owner(asio::io_context& io, bool& told) : gone(told), tasks(io.get_executor(), [](const std::exception_ptr&) {}) {}
  owner(const owner&) = delete;
  owner& operator=(const owner&) = delete;
  ~owner() { gone = true; }

  bool& gone;
  task_group tasks;
};

TEST(TaskGroup, IsWaitedForUntilItsLastMemberHasEnded) {
  asio::io_context io;
  timer first(io, timer::time_point::max()), second(io, timer::time_point::max());
  task_group group(io.get_executor(), [](const std::exception_ptr&) {});
  group.start(wait_for(first));
  group.start(wait_for(second));
  bool ended = false;
  spawn(io.get_executor(), note_the_end(group, ended));
  io.poll();
  EXPECT_EQ(group.size(), 2U);
  first.cancel();
  io.poll();
  EXPECT_EQ(group.size(), 1U);
  EXPECT_FALSE(ended);
  second.cancel();
  io.poll();
  EXPECT_TRUE(ended);
}

TEST(TaskGroup, TellsOfFailuresWhereItIsToBeTold) {
  asio::io_context io;
  int of_group = 0, of_member = 0;
  task_group group(io.get_executor(), [&](const std::exception_ptr&) { ++of_group; });
  group.start(fail());
  group.start(fail(), nullptr, [&](const std::exception_ptr&) { ++of_member; });
  io.poll();
  EXPECT_EQ(of_group, 1);
  EXPECT_EQ(of_member, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, KeepsTheOwnerOfAMemberAlive) {
  asio::io_context io;
  timer signal(io, timer::time_point::max());
  bool gone = false;
  auto held = std::make_shared<owner>(io, gone);
  held->tasks.start(wait_for(signal), held);
  held.reset();
  io.poll();
  EXPECT_FALSE(gone);
  signal.cancel();
  io.poll();
  EXPECT_TRUE(gone);
}

TEST(TaskGroup, GoesWithTheEventLoop) {
  bool gone = false;
  {
    asio::io_context io;
    auto held = std::make_shared<owner>(io, gone);
    held->tasks.start(wait_for_ever(), held);
    held.reset();
    io.poll();
    EXPECT_FALSE(gone);
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace mtcp
