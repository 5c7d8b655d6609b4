// UDP associations in the engine, and the queues behind them.
#include <gtest/gtest.h>

#include "core/engine_pair.hpp"
#include "mtcp/core/datagram_queues.hpp"
#include "mtcp/core/wire/frame.hpp"

namespace mtcp::core::test {
namespace {

const target resolver{"192.0.2.53", 53};

datagram make(std::string_view text, const target& peer = resolver) { return {peer, slice::copy_of(bytes_of(text))}; }

std::string text_of(const std::optional<datagram>& d) {
  if (!d) return "nothing";
  return {reinterpret_cast<const char*>(d->payload.data()), d->payload.size()};
}

struct association_pair : engine_pair {
  using engine_pair::engine_pair;
  stream_id associate() { return open({}); }
  bool send(engine& from, stream_id id, std::string_view text, const target& peer = resolver) {
    return from.send_datagram(id, peer, bytes_of(text), now);
  }
};

TEST(DatagramQueues, KeepTheirOrder) {
  datagram_queues queues(1000, 10'000, 1s);
  EXPECT_TRUE(queues.push(1, make("a"), 0s));
  EXPECT_TRUE(queues.push(1, make("b"), 0s));
  EXPECT_EQ(text_of(queues.pop(1)), "a");
  EXPECT_EQ(text_of(queues.pop(1)), "b");
  EXPECT_FALSE(queues.pop(1));
  EXPECT_TRUE(queues.empty());
  EXPECT_EQ(queues.bytes(), 0U);
}

TEST(DatagramQueues, BoundEachAndAll) {
  datagram_queues queues(10'000, 15'000, 1s);
  const std::string payload(1000, 'x');
  int first = 0, second = 0;
  while (queues.push(1, make(payload), 0s)) ++first;
  while (queues.push(2, make(payload), 0s)) ++second;
  EXPECT_EQ(first, 9) << "an association has 10,000 bytes, and every datagram costs a little more than it holds";
  EXPECT_LT(second, first) << "all of them have 15,000";
  EXPECT_GE(second, 3);
  EXPECT_LE(queues.bytes(), 15'000U);
  queues.erase(1);
  EXPECT_TRUE(queues.push(2, make(payload), 0s)) << "there is room again";
  queues.erase(2);
  EXPECT_EQ(queues.bytes(), 0U);
}

TEST(DatagramQueues, ChargeForEmptyOnes) {
  datagram_queues queues(10'000, 10'000, 1s);
  int count = 0;
  while (count < 1000 && queues.push(1, make(""), 0s)) ++count;
  EXPECT_LT(count, 1000);
}

TEST(DatagramQueues, DropWhatHasWaitedTooLong) {
  datagram_queues queues(1000, 1000, 100ms);
  queues.push(1, make("old"), 0ms);
  queues.push(1, make("new"), 60ms);
  EXPECT_EQ(queues.front(100ms).first, 1U);
  EXPECT_EQ(std::string(text_of(queues.pop_in_turn(1))), "old") << "100 ms are allowed";
  queues.push(2, make("older"), 60ms);
  const auto [id, next] = queues.front(161ms);
  EXPECT_EQ(next, nullptr);
  EXPECT_TRUE(queues.empty());
}

TEST(DatagramQueues, ServeInTurn) {
  datagram_queues queues(10'000, 10'000, 1s);
  for (int i = 0; i < 3; ++i) queues.push(7, make("many"), 0s);
  queues.push(9, make("one"), 0s);
  queues.push(3, make("another"), 0s);
  std::vector<stream_id> order;
  for (auto next = queues.front(0s); next.second != nullptr; next = queues.front(0s)) {
    order.push_back(next.first);
    queues.pop_in_turn(next.first);
  }
  EXPECT_EQ(order, (std::vector<stream_id>{3, 7, 9, 7, 7}));
}

TEST(Association, CarriesDatagramsBothWays) {
  association_pair pair;
  const stream_id id = pair.associate();
  EXPECT_TRUE(pair.send(pair.client, id, "question", {"name.test", 53}));
  pair.run();
  EXPECT_TRUE(pair.has_event<events::datagram>(pair.server));
  const auto asked = pair.server.read_datagram(id);
  EXPECT_EQ(text_of(asked), "question");
  EXPECT_EQ(asked->peer, (target{"name.test", 53}));
  EXPECT_FALSE(pair.server.read_datagram(id));
  EXPECT_TRUE(pair.send(pair.server, id, "answer"));
  pair.run();
  EXPECT_EQ(text_of(pair.client.read_datagram(id)), "answer");
}

TEST(Association, ReportsAgainOnlyAfterItWasRead) {
  association_pair pair;
  const stream_id id = pair.associate();
  const auto reports = [&] {
    int count = 0;
    for (const event& e : pair.events(pair.server)) count += std::holds_alternative<events::datagram>(e);
    return count;
  };
  reports();
  for (int i = 0; i < 3; ++i) pair.send(pair.client, id, "x");
  pair.run();
  EXPECT_EQ(reports(), 1);
  while (pair.server.read_datagram(id)) {
  }
  pair.send(pair.client, id, "x");
  pair.run();
  EXPECT_EQ(reports(), 1);
}

TEST(Association, TakesEverySizeThatUdpHas) {
  association_pair pair;
  const stream_id id = pair.associate();
  const target longest{std::string(255, 'n'), 65535};
  for (const std::size_t size : {0U, 1U, 4096U, 65'507U}) {
    EXPECT_TRUE(pair.send(pair.client, id, std::string(size, 'u'), longest));
    pair.run();
    const auto got = pair.server.read_datagram(id);
    ASSERT_TRUE(got) << size;
    EXPECT_EQ(got->payload.size(), size);
    EXPECT_EQ(got->peer, longest);
  }
  EXPECT_FALSE(pair.send(pair.client, id, std::string(65'508, 'u')));
  EXPECT_FALSE(pair.send(pair.client, id, "x", {"", 1}));
  EXPECT_FALSE(pair.send(pair.client, id, "x", {std::string(256, 'n'), 1}));
}

TEST(Association, NeverSendsAgain) {
  association_pair pair({}, 2);
  const stream_id id = pair.associate();
  pair.silence(1);
  pair.silence(2);
  pair.send(pair.client, id, "lost");
  pair.run(10ms);
  pair.cut(1);
  pair.cut(2);
  pair.add_bridge();
  pair.run(5s);
  EXPECT_FALSE(pair.server.read_datagram(id));
  pair.send(pair.client, id, "later");
  pair.run();
  EXPECT_EQ(text_of(pair.server.read_datagram(id)), "later");
}

TEST(Association, WaitsForABridgeForATenthOfASecond) {
  for (const auto& [wait, arrives] : {std::pair{50ms, true}, std::pair{150ms, false}}) {
    association_pair pair({}, 1);
    const stream_id id = pair.associate();
    pair.cut(1);
    EXPECT_TRUE(pair.send(pair.client, id, "x"));
    pair.run(wait);
    pair.add_bridge();
    pair.run();
    EXPECT_EQ(pair.server.read_datagram(id).has_value(), arrives) << wait.count();
  }
}

TEST(Association, CountsItsBytes) {
  association_pair pair;
  const stream_id id = pair.associate();
  pair.send(pair.client, id, "12345");
  pair.run();
  EXPECT_EQ(pair.client.stats_of_stream(id)->bytes_sent, 5U);
  EXPECT_EQ(pair.server.stats_of_stream(id)->bytes_received, 5U);
  EXPECT_EQ(pair.server.stats().payload_received, 5U);
}

TEST(Association, BoundsWhatIsNotRead) {
  association_pair pair;
  const stream_id id = pair.associate();
  const std::string payload(10'000, 'x');
  for (int i = 0; i < 100; ++i) {
    pair.send(pair.client, id, payload);
    pair.run(2ms);
  }
  std::size_t bytes = 0;
  while (const auto d = pair.server.read_datagram(id)) bytes += d->payload.size();
  EXPECT_GT(bytes, 200'000U);
  EXPECT_LE(bytes, 256U << 10);
}

TEST(Association, EndsAsAStreamDoes) {
  association_pair pair;
  const stream_id id = pair.associate();
  pair.send(pair.client, id, "unread");
  pair.run();
  pair.client.close(id, pair.now);
  EXPECT_FALSE(pair.send(pair.client, id, "x"));
  pair.run();
  EXPECT_TRUE(pair.has_event<events::readable>(pair.server));
  pair.read(pair.server, id);
  EXPECT_NE(pair.last_read.status, read_result::state::open);
  pair.server.close(id, pair.now);
  pair.run();
  EXPECT_FALSE(pair.server.read_datagram(id)) << "nothing is left behind";
  EXPECT_EQ(pair.client.stream_count() + pair.server.stream_count(), 0U);
  EXPECT_TRUE(pair.client.idle() && pair.server.idle());
}

TEST(Association, IsNotOpenBeforeItIsAnswered) {
  association_pair pair;
  const stream_id id = pair.client.open({}, {}, pair.now).value();
  EXPECT_FALSE(pair.send(pair.client, id, "x"));
  pair.run();
  EXPECT_FALSE(pair.send(pair.server, id, "x"));
  pair.server.refuse(id, refusal::general, pair.now);
  pair.run();
  EXPECT_TRUE(pair.has_event<events::refused>(pair.client));
}

// ---- hostile frames ----

std::vector<std::byte> datagram_frame(stream_id id, std::uint64_t port, std::string_view host,
                                      std::string_view payload) {
  std::vector<std::byte> out(frame_header_size + 32 + host.size() + payload.size());
  const std::span<std::byte> room(out);
  wire_writer body(room.subspan(frame_header_size));
  body.varint(id);
  body.varint(port);
  body.string(host);
  body.bytes(bytes_of(payload));
  put_frame_header(room.first<frame_header_size>(), frame_type::datagram, body.size());
  out.resize(frame_header_size + body.size());
  return out;
}

std::vector<std::byte> data_frame(stream_id id, std::uint64_t offset, std::string_view bytes) {
  std::vector<std::byte> out(frame_header_size + 16 + bytes.size());
  const std::span<std::byte> room(out);
  wire_writer body(room.subspan(frame_header_size));
  body.varint(id);
  body.varint(offset);
  body.bytes(bytes_of(bytes));
  put_frame_header(room.first<frame_header_size>(), frame_type::data, body.size());
  out.resize(frame_header_size + body.size());
  return out;
}

TEST(DatagramFrame, DoesNotWaitForAHoleInAStream) {
  association_pair pair;
  const stream_id stream = pair.open(), id = pair.associate();
  pair.server.handle_input(1, slice::copy_of(data_frame(stream, 100, "behind a hole")), pair.now);
  pair.server.handle_input(1, slice::copy_of(datagram_frame(id, 1, "192.0.2.1", "x")), pair.now);
  EXPECT_EQ(pair.read(pair.server, stream), "");
  EXPECT_EQ(text_of(pair.server.read_datagram(id)), "x");
}

TEST(DatagramFrame, OfAHostThatCanBeNoneIsDropped) {
  using namespace std::string_view_literals;
  association_pair pair;
  const stream_id id = pair.associate();
  for (const auto host : {"127.0.0.1\0x"sv, "a\nb"sv, "a b"sv, "\x1b[2J"sv}) {
    EXPECT_FALSE(pair.send(pair.client, id, "x", {std::string(host), 1})) << "an honest end sends none";
    pair.server.handle_input(1, slice::copy_of(datagram_frame(id, 1, host, "x")), pair.now);
  }
  pair.server.handle_input(1, slice::copy_of(datagram_frame(id, 1, "192.0.2.1", "y")), pair.now);
  EXPECT_EQ(text_of(pair.server.read_datagram(id)), "y");
  EXPECT_FALSE(pair.has_event<events::failed>(pair.server));
}

bool fails(association_pair& pair, std::span<const std::byte> frame) {
  pair.server.handle_input(1, slice::copy_of(frame), pair.now);
  pair.run(5ms);
  return pair.has_event<events::failed>(pair.server);
}

TEST(DatagramFrame, IsDroppedForWhatIsNoOpenAssociation) {
  association_pair pair;
  for (const stream_id id : {0ULL, 77ULL}) EXPECT_FALSE(fails(pair, datagram_frame(id, 1, "192.0.2.1", "x"))) << id;
  EXPECT_EQ(pair.server.stream_count(), 0U) << "it opens nothing";
}

TEST(DatagramFrame, OfAStreamEndsTheTunnel) {
  association_pair pair;
  EXPECT_TRUE(fails(pair, datagram_frame(pair.open(), 1, "192.0.2.1", "x")));
}

TEST(DatagramFrame, ThatIsMalformedEndsTheTunnel) {
  const std::string name(256, 'n'), payload(65'508, 'x');
  const auto cut = [](std::vector<std::byte> frame) {
    frame.resize(6);
    frame[3] = std::byte{2};
    return frame;
  };
  for (const auto& frame :
       {datagram_frame(1, 65536, "192.0.2.1", "x"), datagram_frame(1, 1, "", "x"), datagram_frame(1, 1, name, "x"),
        datagram_frame(1, 1, "192.0.2.1", payload), cut(datagram_frame(1, 1, "192.0.2.1", "x"))}) {
    association_pair pair;
    pair.associate();
    EXPECT_TRUE(fails(pair, frame)) << frame.size();
  }
}

}  // namespace
}  // namespace mtcp::core::test
