// Streams that the server opens, for connections that a listener of the client's has accepted.
#include <gtest/gtest.h>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/hello.hpp"

namespace mtcp::core::test {
namespace {

constexpr std::size_t allowed = 3;

class ReverseStream : public testing::Test {
 protected:
  explicit ReverseStream(bool agreed = true) {
    for (engine* one : {&pair.client, &pair.server})
      if (agreed) one->allow_reverse(allowed);
    pair.run(20ms);
  }

  /// A listener, answered.
  stream_id listen() {
    const stream_id id = pair.client.listen({"", 8080}, pair.now).value();
    pair.run(20ms);
    pair.server.answer(id, {"127.0.0.1", 8080}, pair.now);
    pair.run(20ms);
    return id;
  }
  std::optional<stream_id> accept(stream_id listener) {
    const auto id = pair.server.accept(listener, {"192.0.2.9", 4711}, pair.now);
    pair.run(20ms);
    return id;
  }
  template <class Write>
  void expect_failure(engine& of, violation why, Write write) {
    std::vector<std::byte> out(1024);
    out.resize(write(std::span(out)));
    of.handle_input(1, slice::copy_of(out), pair.now);
    auto got = of.poll_event();
    while (got && !std::holds_alternative<events::failed>(*got)) got = of.poll_event();
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(std::get<events::failed>(*got).why, why);
  }

  engine_pair pair;
  engine& client = pair.client;
  engine& server = pair.server;
};

class NoReverseStream : public ReverseStream {
 protected:
  NoReverseStream() : ReverseStream(false) {}
};

TEST_F(ReverseStream, IdsOfBothEndsNeverMeet) {
  EXPECT_EQ(pair.open(), 1U);
  const stream_id listener = listen();
  EXPECT_EQ(listener, 3U);
  EXPECT_EQ(accept(listener), 2U);
  EXPECT_EQ(pair.open(), 5U);
  EXPECT_EQ(accept(listener), 4U);
}

TEST_F(ReverseStream, AListenerIsAskedForAnsweredAndLetGo) {
  const stream_id id = client.listen({"", 0}, pair.now).value();
  pair.run(20ms);
  EXPECT_TRUE(pair.has_event<events::incoming>(server));
  EXPECT_EQ(server.kind_of(id), stream_kind::listener);
  EXPECT_EQ(server.target_of(id), (target{"", 0}));
  server.answer(id, {"127.0.0.1", 4000}, pair.now);
  pair.run(20ms);
  EXPECT_TRUE(pair.has_event<events::opened>(client));
  EXPECT_EQ(client.bound_address(id), (target{"127.0.0.1", 4000}));
  EXPECT_FALSE(server.send_datagram(id, {"192.0.2.1", 53}, bytes_of("x"), pair.now)) << "it is no association";
  client.reset(id, reset_code::shutdown, pair.now);
  pair.run(20ms);
  EXPECT_EQ(pair.read(server, id), "");
  EXPECT_EQ(pair.last_read.status, read_result::state::reset);
  server.reset(id, reset_code::reset, pair.now);
  pair.run(100ms);
  EXPECT_EQ(client.stream_count() + server.stream_count(), 0U);
  EXPECT_EQ(client.stats().receive_granted + server.stats().receive_granted, 0U);
}

TEST_F(ReverseStream, AListenerMayBeRefused) {
  const stream_id id = client.listen({"192.0.2.1", 80}, pair.now).value();
  pair.run(20ms);
  server.refuse(id, refusal::policy, pair.now);
  pair.run(100ms);
  const auto told = pair.events(client);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(std::get<events::refused>(told[0]).why, refusal::policy);
  EXPECT_EQ(client.stream_count() + server.stream_count(), 0U);
}

TEST_F(ReverseStream, CarriesBytesBothWaysToBothEnds) {
  const stream_id listener = listen();
  pair.events(client);
  const stream_id id = accept(listener).value();
  ASSERT_TRUE(pair.has_event<events::incoming>(client));
  EXPECT_EQ(client.kind_of(id), stream_kind::accepted);
  EXPECT_EQ(client.listener_of(id), listener);
  EXPECT_EQ(client.target_of(id), (target{"192.0.2.9", 4711}));
  EXPECT_TRUE(server.undecided(id));
  EXPECT_EQ(server.write(id, bytes_of("early"), pair.now).size, 5U);
  pair.run(20ms);
  EXPECT_EQ(pair.read(client, id), "early");
  client.answer(id, {"127.0.0.1", 5}, pair.now);
  client.write(id, bytes_of("answer"), pair.now);
  client.shutdown_send(id, pair.now);
  pair.run(50ms);
  EXPECT_FALSE(server.undecided(id));
  EXPECT_EQ(pair.read(server, id), "answer");
  EXPECT_EQ(pair.last_read.status, read_result::state::end);
  server.close(id, pair.now);
  pair.run(50ms);
  EXPECT_EQ(pair.read(client, id), "");
  EXPECT_EQ(pair.last_read.status, read_result::state::end);
  client.close(id, pair.now);
  pair.run(100ms);
  EXPECT_EQ(client.stream_count(), 1U) << "the listener stays";
  EXPECT_EQ(server.stream_count(), 1U);
}

TEST_F(ReverseStream, NoMoreThanTheEarlyLimitGoesBeforeTheAnswer) {
  const stream_id id = accept(listen()).value();
  const std::string much(100'000, 'x');
  server.write(id, bytes_of(much), pair.now);
  pair.run(100ms);
  EXPECT_EQ(pair.read(client, id).size(), limits().early_limit);
  client.answer(id, {}, pair.now);
  pair.run(100ms);
  EXPECT_EQ(pair.read(client, id).size(), much.size() - limits().early_limit);
}

TEST_F(ReverseStream, MayBeRefusedByTheClientWithoutATrace) {
  const stream_id listener = listen();
  pair.events(server);
  const stream_id id = accept(listener).value();
  server.write(id, bytes_of("early"), pair.now);
  pair.run(20ms);
  client.refuse(id, refusal::connection_refused, pair.now);
  pair.run(100ms);
  const auto told = pair.events(server);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(std::get<events::refused>(told[0]).why, refusal::connection_refused);
  EXPECT_EQ(server.stream_count(), 1U);
  EXPECT_EQ(client.stream_count(), 1U);
}

TEST_F(ReverseStream, FramesMayOvertakeTheOneThatOpensIt) {
  const stream_id listener = listen();
  std::vector<std::byte> fin(64), accepted(64);
  fin.resize(put_frame(fin, frame_type::fin, 2U, 0U));
  accepted.resize(put_accepted_frame(accepted, 2, 1000, listener, 1, "192.0.2.9"));
  client.handle_input(2, slice::copy_of(fin), pair.now);
  EXPECT_FALSE(client.poll_event().has_value());
  client.handle_input(1, slice::copy_of(accepted), pair.now);
  EXPECT_TRUE(std::holds_alternative<events::incoming>(client.poll_event().value()));
  EXPECT_TRUE(std::holds_alternative<events::readable>(client.poll_event().value()));
  EXPECT_EQ(pair.read(client, 2), "");
  EXPECT_EQ(pair.last_read.status, read_result::state::end);
}

TEST_F(ReverseStream, IsRefusedOnceItsListenerIsLetGo) {
  const stream_id listener = listen();
  pair.hold(1);
  pair.hold(2);
  ASSERT_TRUE(server.accept(listener, {"192.0.2.9", 1}, pair.now));
  pair.run(5ms);
  client.reset(listener, reset_code::shutdown, pair.now);
  pair.events(client);
  pair.release(1);
  pair.release(2);
  pair.run(100ms);
  EXPECT_FALSE(pair.has_event<events::incoming>(client));
  EXPECT_TRUE(pair.has_event<events::refused>(server));
  EXPECT_EQ(client.stream_count(), 0U);
}

TEST_F(ReverseStream, OpensNoMoreThanWereAgreedOn) {
  const stream_id listener = listen();
  std::vector<stream_id> all;
  for (std::size_t i = 0; i < allowed; ++i) all.push_back(accept(listener).value());
  EXPECT_FALSE(accept(listener));
  client.refuse(all[0], refusal::general, pair.now);
  pair.run(100ms);
  EXPECT_TRUE(accept(listener));
}

TEST_F(ReverseStream, LeavesTheClientItsOwnLimit) {
  const stream_id listener = listen();
  for (std::size_t i = 0; i < allowed; ++i) accept(listener);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.open({"example.org", 80}, {}, pair.now));
}

TEST_F(ReverseStream, IsNotOpenedForWhatIsNoListener) {
  EXPECT_FALSE(accept(pair.open()));
  EXPECT_FALSE(accept(99));
}

TEST_F(ReverseStream, IsNotOpenedOnceEitherEndLeaves) {
  const stream_id listener = listen();
  client.go_away(pair.now);
  pair.run(20ms);
  EXPECT_FALSE(accept(listener));
}

TEST_F(ReverseStream, SurvivesTheLossOfBridges) {
  const stream_id id = accept(listen()).value();
  client.answer(id, {}, pair.now);
  pair.run(20ms);
  server.write(id, bytes_of(std::string(10'000, 'x')), pair.now);
  pair.cut(1);
  pair.cut(2);
  pair.add_bridge();
  pair.run(500ms);
  EXPECT_EQ(pair.read(client, id).size(), 10'000U);
}

// ---- what a hostile server may not do ----

TEST_F(ReverseStream, OfAnIdThatIsTheClientsEndsTheTunnel) {
  const stream_id listener = listen();
  expect_failure(client, violation::unexpected_frame,
                 [&](auto out) { return put_accepted_frame(out, 7, 1, listener, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, OfAStreamOfTheClientsOwnEndsTheTunnel) {
  const stream_id own = pair.open(), listener = listen();
  expect_failure(client, violation::unexpected_frame,
                 [&](auto out) { return put_accepted_frame(out, own, 1, listener, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, OfAListenerThatNeverWasEndsTheTunnel) {
  listen();
  expect_failure(client, violation::unexpected_frame,
                 [](auto out) { return put_accepted_frame(out, 2, 1, 99, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, OfAnEvenListenerEndsTheTunnel) {
  accept(listen());
  expect_failure(client, violation::unexpected_frame,
                 [](auto out) { return put_accepted_frame(out, 4, 1, 2, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, OfAStreamThatIsNoListenerEndsTheTunnel) {
  const stream_id other = pair.open();
  expect_failure(client, violation::unexpected_frame,
                 [&](auto out) { return put_accepted_frame(out, 2, 1, other, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, OfAnIdThatIsOverIsIgnored) {
  const stream_id listener = listen();
  const stream_id id = accept(listener).value();
  client.refuse(id, refusal::general, pair.now);
  pair.run(100ms);
  pair.events(client);
  std::vector<std::byte> again(64);
  again.resize(put_accepted_frame(again, id, 1, listener, 1, "192.0.2.9"));
  client.handle_input(1, slice::copy_of(again), pair.now);
  EXPECT_FALSE(client.poll_event().has_value());
}

TEST_F(ReverseStream, MoreThanWereAgreedOnEndTheTunnel) {
  const stream_id listener = listen();
  expect_failure(client, violation::stream_limit, [&](std::span<std::byte> out) {
    std::size_t size = 0;
    for (stream_id id = 2; id <= 2 * (allowed + 1); id += 2)
      size += put_accepted_frame(out.subspan(size), id, 1, listener, 1, "192.0.2.9");
    return size;
  });
}

TEST_F(ReverseStream, AnOpenOfTheServersEndsTheTunnel) {
  expect_failure(client, violation::unexpected_frame,
                 [](auto out) { return put_open_frame(out, frame_type::open, 2, 1, 80, "example.org"); });
}

TEST_F(ReverseStream, AnAnswerToOnesOwnQuestionEndsTheTunnel) {
  const stream_id id = accept(listen()).value();
  expect_failure(client, violation::unexpected_frame,
                 [&](auto out) { return put_open_frame(out, frame_type::opened, id, 1, 1, "x"); });
}

// ---- what a hostile client may not do ----

TEST_F(ReverseStream, OfAnEvenIdOfTheClientsEndsTheTunnel) {
  for (const frame_type type : {frame_type::open, frame_type::listen}) {
    engine_pair fresh;
    fresh.server.allow_reverse(allowed);
    std::vector<std::byte> out(64);
    out.resize(put_open_frame(out, type, 2, 1, 80, "192.0.2.1"));
    fresh.server.handle_input(1, slice::copy_of(out), fresh.now);
    EXPECT_EQ(std::get<events::failed>(fresh.server.poll_event().value()).why, violation::unexpected_frame);
  }
}

TEST_F(ReverseStream, AnAcceptedOfTheClientsEndsTheTunnel) {
  const stream_id listener = listen();
  expect_failure(server, violation::unexpected_frame,
                 [&](auto out) { return put_accepted_frame(out, 5, 1, listener, 1, "192.0.2.9"); });
}

TEST_F(ReverseStream, ManyListenersAreBoundedLikeStreams) {
  limits few;
  few.max_streams = 8;
  engine_pair small(few);
  small.server.allow_reverse(allowed);
  std::vector<std::byte> out(4096);
  std::size_t size = 0;
  for (stream_id id = 1; id <= 17; id += 2)
    size += put_open_frame(std::span(out).subspan(size), frame_type::listen, id, 1, 80, "");
  small.server.handle_input(1, slice::copy_of(std::span(out).first(size)), small.now);
  auto got = small.server.poll_event();
  while (got && !std::holds_alternative<events::failed>(*got)) got = small.server.poll_event();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(std::get<events::failed>(*got).why, violation::stream_limit);
}

TEST_F(ReverseStream, AListenerWithAHostThatCanBeNoneIsRefused) {
  std::vector<std::byte> out(64);
  out.resize(put_open_frame(out, frame_type::listen, 1, 1, 80, "a b"));
  server.handle_input(1, slice::copy_of(out), pair.now);
  EXPECT_FALSE(server.poll_event().has_value());
  EXPECT_FALSE(pair.poll(server, 1).empty());
}

// ---- without an agreement ----

TEST_F(NoReverseStream, TheClientNumbersAllItsStreams) {
  EXPECT_EQ(pair.open(), 1U);
  EXPECT_EQ(pair.open(), 2U);
  EXPECT_FALSE(client.listen({"", 80}, pair.now));
}

TEST_F(NoReverseStream, AListenEndsTheTunnel) {
  expect_failure(server, violation::unexpected_frame,
                 [](auto out) { return put_open_frame(out, frame_type::listen, 1, 1, 80, ""); });
}

TEST_F(NoReverseStream, AnAcceptedEndsTheTunnel) {
  const stream_id own = pair.open();
  expect_failure(client, violation::unexpected_frame,
                 [&](auto out) { return put_accepted_frame(out, 2, 1, own, 1, "192.0.2.9"); });
}

}  // namespace
}  // namespace mtcp::core::test
