// What a hostile or broken peer may not do to the engine.
#include <gtest/gtest.h>
#include <malloc.h>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/hello.hpp"

namespace mtcp::core::test {
namespace {

struct hostile_frame {
  const char* name;
  violation expected;
  std::size_t (*write)(std::span<std::byte> out);
};

void expect_failure(engine& of, violation why) {
  std::optional<event> got = of.poll_event();
  while (got && !std::holds_alternative<events::failed>(*got)) got = of.poll_event();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(std::get<events::failed>(*got).why, why);
}

class HostilePeer : public testing::TestWithParam<hostile_frame> {};

TEST_P(HostilePeer, IsThrownOut) {
  engine_pair pair;
  pair.open();  // stream 1
  std::vector<std::byte> out(1024);
  out.resize(GetParam().write(out));
  pair.server.handle_input(1, slice::copy_of(out), pair.now);
  expect_failure(pair.server, GetParam().expected);
}

std::size_t put_data(std::span<std::byte> out, std::uint64_t stream, std::uint64_t offset, std::size_t size) {
  const std::size_t fields = put_frame(out, frame_type::data, stream, offset);
  put_frame_header(out.first<frame_header_size>(), frame_type::data, fields - frame_header_size + size);
  return fields + size;
}

INSTANTIATE_TEST_SUITE_P(
    Frames, HostilePeer,
    testing::Values(
        hostile_frame{"hello_again", violation::unexpected_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::hello, 1U); }},
        hostile_frame{"truncated_fin", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::fin, 1U); }},
        hostile_frame{"trailing_bytes", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::fin, 1U, 2U, 3U); }},
        hostile_frame{"empty_data", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_data(o, 1, 0, 0); }},
        hostile_frame{"window_overrun", violation::window_overrun,
                      [](std::span<std::byte> o) { return put_data(o, 1, 1U << 30, 10); }},
        hostile_frame{"offset_wraps", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_data(o, 1, max_varint, 10); }},
        hostile_frame{"data_behind_the_end", violation::final_size,
                      [](std::span<std::byte> o) {
                        const std::size_t n = put_frame(o, frame_type::fin, 1U, 5U);
                        return n + put_data(o.subspan(n), 1, 5, 1);
                      }},
        hostile_frame{"end_moves", violation::final_size,
                      [](std::span<std::byte> o) {
                        const std::size_t n = put_frame(o, frame_type::fin, 1U, 5U);
                        return n + put_frame(o.subspan(n), frame_type::fin, 1U, 6U);
                      }},
        hostile_frame{"end_beyond_credit", violation::window_overrun,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::fin, 1U, std::uint64_t{1} << 40); }},
        hostile_frame{"ack_of_unsent", violation::ack_of_unsent,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::ack, 1U, 1U, 1U << 30, 0U); }},
        hostile_frame{"ack_of_a_bridge_that_never_was", violation::ack_of_unsent,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::ack, 1U, 77U, 5U, 0U); }},
        hostile_frame{"count_of_a_bridge_that_never_was", violation::ack_of_unsent,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::bridge_closed, 77U, 5U); }},
        hostile_frame{"count_beyond_what_was_sent", violation::ack_of_unsent,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::bridge_closed, 1U, 1U << 30); }},
        hostile_frame{"bridge_zero_acknowledged", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::ack, 1U, 0U, 0U, 0U); }},
        hostile_frame{"bridge_zero_closed", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::bridge_closed, 0U, 0U); }},
        hostile_frame{"reset_without_a_code", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::reset, 1U, 0U, 0U); }},
        hostile_frame{"stop_without_a_code", violation::malformed_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::stop, 1U, 0U); }},
        hostile_frame{"data_before_open_beyond_the_early_limit", violation::window_overrun,
                      [](std::span<std::byte> o) { return put_data(o, 2, limits().early_limit, 1); }},
        hostile_frame{
            "end_before_open_beyond_the_early_limit", violation::window_overrun,
            [](std::span<std::byte> o) { return put_frame(o, frame_type::fin, 2U, limits().early_limit + 1); }},
        hostile_frame{"stream_zero", violation::unexpected_frame,
                      [](std::span<std::byte> o) { return put_data(o, 0, 0, 1); }},
        hostile_frame{
            "path_too_fast", violation::malformed_frame,
            [](std::span<std::byte> o) { return put_frame(o, frame_type::path, 1U, 0U, 0U, max_rate_limit + 1); }},
        hostile_frame{"path_of_another_bridge", violation::unexpected_frame,
                      [](std::span<std::byte> o) { return put_frame(o, frame_type::path, 2U, 0U, 0U, 0U); }},
        hostile_frame{"opened_to_a_server", violation::unexpected_frame,
                      [](std::span<std::byte> o) { return put_open_frame(o, frame_type::opened, 1, 1, 1, "x"); }}),
    [](const auto& frame) { return frame.param.name; });

/// A frame of each type whose body has an end of its own. Some are for a client only.
std::vector<std::vector<std::byte>> whole_frames() {
  std::vector<std::vector<std::byte>> all;
  const auto add = [&all](frame_type type, auto... fields) {
    std::vector<std::byte> out(64);
    out.resize(put_frame(out, type, fields...));
    all.push_back(std::move(out));
  };
  for (const frame_type type : {frame_type::open, frame_type::opened, frame_type::listen}) {
    std::vector<std::byte> out(64);
    out.resize(put_open_frame(out, type, 1, 1, 1, "x"));
    all.push_back(std::move(out));
  }
  std::vector<std::byte> accepted(64);
  accepted.resize(put_accepted_frame(accepted, 2, 1, 1, 1, "x"));
  all.push_back(std::move(accepted));
  add(frame_type::path, 1U, 0U, 0U, 0U);
  add(frame_type::refused, 1U, 1U);
  add(frame_type::fin, 1U, 0U);
  add(frame_type::reset, 1U, 1U, 0U);
  add(frame_type::stop, 1U, 1U);
  add(frame_type::window, 1U, 1U);
  add(frame_type::ack, 1U, 1U, 0U, 0U);
  add(frame_type::ping, 1U);
  add(frame_type::pong, 1U);
  add(frame_type::bridge_closed, 1U, 0U);
  add(frame_type::goaway, 0U);
  add(frame_type::bridge_suspect, 1U);
  return all;
}

/// The frame with its body cut or filled up to a size.
std::vector<std::byte> resized(std::vector<std::byte> frame, std::size_t body) {
  frame.resize(frame_header_size + body);
  put_frame_header(std::span(frame).first<frame_header_size>(), static_cast<frame_type>(frame[0]), body);
  return frame;
}

// Whether or not the frame would change anything: that of a stream that is over does not.
TEST(HostilePeer, SaysNeitherMoreNorLessThanAFrameHolds) {
  for (const bool over : {false, true}) {
    for (const std::vector<std::byte>& frame : whole_frames()) {
      const std::size_t body = frame.size() - frame_header_size;
      for (const std::size_t wrong : {body - 1, body + 1}) {
        SCOPED_TRACE(testing::Message() << "type " << static_cast<int>(frame[0]) << ", " << wrong << " of " << body);
        engine_pair pair;
        const stream_id id = pair.open();
        if (over) {
          pair.client.reset(id, reset_code::reset, pair.now);
          pair.server.reset(id, reset_code::reset, pair.now);
          pair.run();
        }
        pair.client.handle_input(1, slice::copy_of(resized(frame, wrong)), pair.now);
        expect_failure(pair.client, violation::malformed_frame);
      }
    }
  }
}

/// What a client hears of a stream that is refused with this code.
std::optional<event> refused_with(std::uint64_t code) {
  engine_pair pair;
  const stream_id id = pair.client.open({"example.org", 443}, {}, pair.now).value();
  std::vector<std::byte> out(16);
  out.resize(put_frame(out, frame_type::refused, id, code));
  pair.client.handle_input(1, slice::copy_of(out), pair.now);
  return pair.client.poll_event();
}

TEST(HostilePeer, RefusesWithACodeThatMeansSomething) {
  for (const std::uint64_t code : {0U, 256U, 1U << 20}) {
    const auto got = refused_with(code);
    ASSERT_TRUE(got.has_value() && std::holds_alternative<events::failed>(*got)) << code;
    EXPECT_EQ(std::get<events::failed>(*got).why, violation::malformed_frame) << code;
  }
  for (const std::uint64_t code : {6U, 7U, 9U, 255U}) {
    const auto got = refused_with(code);
    ASSERT_TRUE(got.has_value() && std::holds_alternative<events::refused>(*got)) << code;
    EXPECT_EQ(std::get<events::refused>(*got).why, refusal::general) << code;
  }
  EXPECT_EQ(std::get<events::refused>(refused_with(5).value()).why, refusal::connection_refused);
}

void hear(engine_pair& pair, engine& at, bridge_id on, std::size_t size, std::span<const std::byte> out) {
  at.handle_input(on, slice::copy_of(out.first(size)), pair.now);
}

// What was sent on a bridge is known until its end is settled; then what is said of it does not matter any more.
TEST(HostilePeer, CountsNoMoreThanWasSentOnALostBridge) {
  std::vector<std::byte> out(32);
  const auto lose_one = [](engine_pair& pair) {
    pair.open();
    const std::uint64_t sent = pair.server.stats_of(1)->bytes_sent;
    pair.server.bridge_down(1, pair.now);
    return sent;
  };
  engine_pair acknowledged, closed, greeted, honest, settled;
  hear(acknowledged, acknowledged.server, 2, put_frame(out, frame_type::ack, 1U, 1U, lose_one(acknowledged) + 1, 0U),
       out);
  expect_failure(acknowledged.server, violation::ack_of_unsent);
  hear(closed, closed.server, 2, put_frame(out, frame_type::bridge_closed, 1U, lose_one(closed) + 1), out);
  expect_failure(closed.server, violation::ack_of_unsent);
  greeted.server.settle(std::vector<bridge_count>{{1, lose_one(greeted) + 1}}, greeted.now);
  expect_failure(greeted.server, violation::ack_of_unsent);

  hear(honest, honest.server, 2, put_frame(out, frame_type::bridge_closed, 1U, lose_one(honest)), out);
  EXPECT_FALSE(honest.has_event<events::failed>(honest.server));

  settled.open();
  settled.cut(1);
  settled.run();
  ASSERT_TRUE(settled.server.unsettled().empty());
  hear(settled, settled.server, 2, put_frame(out, frame_type::ack, 1U, 1U, 1U << 30, 0U), out);
  hear(settled, settled.server, 2, put_frame(out, frame_type::bridge_closed, 1U, 1U << 30), out);
  settled.run(2ms);
  EXPECT_FALSE(settled.has_event<events::failed>(settled.server));
}

// The peer had taken it up, and the dial failed here.
TEST(HostilePeer, IsNotWhoLosesABridgeThatNeverCameUpHere) {
  engine_pair pair;
  pair.server.bridge_up(9, {}, pair.now);
  pair.server.bridge_down(9, pair.now);
  pair.run();
  EXPECT_FALSE(pair.has_event<events::failed>(pair.client));
  EXPECT_FALSE(pair.has_event<events::failed>(pair.server));
  EXPECT_TRUE(pair.server.unsettled().empty());
  EXPECT_TRUE(pair.client.unsettled().empty());
}

// A stream gets more only when its OPEN was answered: so many of them can be begun.
TEST(HostilePeer, MaySendNoMoreThanTheEarlyLimitBeforeTheAnswer) {
  const limits l;
  std::vector<std::byte> out(1024);
  for (const bool answered : {false, true}) {
    engine_pair pair;
    pair.client.open({"example.org", 443}, {}, pair.now);
    pair.run(20ms);
    if (answered) pair.server.answer(1, {}, pair.now);
    pair.run(20ms);
    hear(pair, pair.server, 1, put_data(out, 1, l.early_limit, 1), out);
    pair.run(2ms);
    EXPECT_EQ(pair.has_event<events::failed>(pair.server), !answered);
  }
}

// Each of these costs little, and moves nothing.
TEST(HostilePeer, MayNotFloodWithEmptyFrames) {
  std::vector<std::byte> out(16);
  const auto flood = [&](engine_pair& pair, engine& at, std::size_t size) {
    for (int i = 0; i < 30'000; ++i) at.handle_input(1, slice::copy_of(std::span(out).first(size)), pair.now);
    expect_failure(at, violation::flood);
  };
  engine_pair pings, paths, goaways, suspicions;
  flood(pings, pings.server, put_frame(out, frame_type::ping, 1U));
  flood(paths, paths.server, put_frame(out, frame_type::path, 1U, 0U, 0U, 0U));
  flood(goaways, goaways.client, put_frame(out, frame_type::goaway, 0U));
  flood(suspicions, suspicions.client, put_frame(out, frame_type::bridge_suspect, 1U));
}

TEST(HostilePeer, IsHeardOnceWhenItGoesAway) {
  engine_pair pair;
  std::vector<std::byte> out(16);
  out.resize(put_frame(out, frame_type::goaway, 0U));
  for (int i = 0; i < 10; ++i) pair.client.handle_input(1, slice::copy_of(out), pair.now);
  int heard = 0;
  while (const auto e = pair.client.poll_event()) heard += std::holds_alternative<events::going_away>(*e) ? 1 : 0;
  EXPECT_EQ(heard, 1);
}

// The end of each has to be settled, and is told again on every new bridge.
TEST(HostilePeer, MayNotLoseBridgesWithoutEnd) {
  engine_pair pair({}, 0);
  for (int i = 0; i < 5'000; ++i) {
    const bridge_id id = pair.add_bridge();
    pair.server.bridge_down(id, pair.now);
  }
  expect_failure(pair.server, violation::flood);
}

// Each would be kept until it is acknowledged, and a gap between ids for ever.
TEST(HostilePeer, MayNotInventBridgesWithoutEnd) {
  engine_pair pair;
  for (std::uint64_t id = 1000; id < 21'000; id += 2) {
    std::vector<std::byte> out(32);
    out.resize(put_frame(out, frame_type::bridge_closed, id, 0U));
    pair.server.handle_input(1, slice::copy_of(out), pair.now);
  }
  expect_failure(pair.server, violation::flood);
}

// Opens streams, each of which is refused and forgotten at both ends before the next one. False once the server has
// had enough.
bool open_and_forget(engine_pair& pair, stream_id first, stream_id step, int count) {
  std::vector<std::byte> out(64);
  const auto send = [&](std::size_t size) {
    pair.server.handle_input(1, slice::copy_of(std::span(out).first(size)), pair.now);
  };
  for (stream_id id = first; count > 0; id += step, --count) {
    send(put_open_frame(out, frame_type::open, id, 1, 80, "x"));
    send(put_frame(out, frame_type::reset, id, 1U, 0U));
    pair.server.refuse(id, refusal::general, pair.now);
    pair.poll(pair.server, 1);
    send(put_frame(out, frame_type::ack, 1U, 1U, pair.server.stats_of(1)->bytes_sent, 0U));
    for (auto e = pair.server.poll_event(); e; e = pair.server.poll_event()) {
      const auto* failed = std::get_if<events::failed>(&*e);
      if (failed == nullptr) continue;
      EXPECT_EQ(failed->why, violation::stream_limit);
      return false;
    }
  }
  return true;
}

// Ids only rise, so that one range tells of all that were seen; each that is left out begins another.
TEST(HostilePeer, MayNotLeaveOutStreamIdsWithoutEnd) {
  limits few;
  few.max_streams = 4;
  engine_pair in_order(few, 1), with_gaps(few, 1);
  EXPECT_TRUE(open_and_forget(in_order, 1, 1, 10'000));
  EXPECT_EQ(in_order.server.stats().streams_active, 0U);
  EXPECT_TRUE(open_and_forget(with_gaps, 1, 2, 100));
  EXPECT_FALSE(open_and_forget(with_gaps, 201, 2, 10'000));
}

// Every read of a stream whose window the budget cannot raise is a reason to come back to it: once.
TEST(HostilePeer, WhoSpendsTheBudgetCostsNoMemory) {
  limits small;
  small.receive_budget = 64 * 1024;
  engine_pair pair(small);
  for (int i = 0; i < 20; ++i) pair.open();
  const stream_id id = pair.open();
  const std::string block(4096, 'x');
  const std::size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 100; ++i) {
    pair.server.write(id, bytes_of(block), pair.now);
    pair.run(2ms);
    while (!pair.read(pair.client, id, 1).empty()) continue;
  }
  EXPECT_LT(mallinfo2().uordblks, before + 1'000'000);
}

}  // namespace
}  // namespace mtcp::core::test
