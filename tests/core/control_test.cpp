// Control frames: what they are about, and how they wait.
#include <gtest/gtest.h>

#include "mtcp/core/wire/control.hpp"

namespace mtcp::core::test {
namespace {

TEST(Control, EachIsAboutOneThing) {
  EXPECT_EQ(scope_of(control::window), control_scope::stream);
  EXPECT_EQ(scope_of(control::tunnel_window), control_scope::tunnel);
  EXPECT_EQ(scope_of(control::bridge_closed), control_scope::bridge);
  EXPECT_LT(static_cast<std::size_t>(control::window), stream_controls) << "it numbers a slot";
}

TEST(ControlQueue, AFrameWaitsOnceHoweverOftenThereIsNews) {
  control_queue queue;
  control_slot slot;
  queue.announce(slot, {control::window, 7});
  queue.announce(slot, {control::window, 7});
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.take().id, 7U);
  slot.queued = false;
  EXPECT_TRUE(slot.sent());
  EXPECT_FALSE(slot.done());
  queue.say_again(slot, {control::window, 7});
  EXPECT_EQ(queue.size(), 1U);
}

TEST(ControlSlot, WhatIsAcknowledgedOfAnOlderVersionTellsNothing) {
  control_queue queue;
  control_slot slot;
  queue.announce(slot, {control::window, 7});
  const std::uint16_t old = slot.version;
  queue.announce(slot, {control::window, 7});
  EXPECT_FALSE(slot.on_acknowledged(old));
  EXPECT_FALSE(slot.done());
  EXPECT_TRUE(slot.on_acknowledged(slot.version));
  EXPECT_TRUE(slot.done());
}

TEST(ControlSlot, IsLostWithItsLastCopy) {
  control_queue queue;
  control_slot slot;
  queue.announce(slot, {control::fin, 7});
  slot.copies = 2;
  EXPECT_FALSE(slot.on_lost(slot.version));
  EXPECT_TRUE(slot.on_lost(slot.version));
  slot.copies = 1;
  slot.on_acknowledged(slot.version);
  EXPECT_FALSE(slot.on_lost(slot.version)) << "it has arrived";
}

}  // namespace
}  // namespace mtcp::core::test
