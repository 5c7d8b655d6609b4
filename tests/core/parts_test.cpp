// The engine's parts, each alone.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/core/completion.hpp"
#include "mtcp/core/frame_parser.hpp"
#include "mtcp/core/gather_list.hpp"
#include "mtcp/core/range_set.hpp"
#include "mtcp/core/rate_estimator.hpp"
#include "mtcp/core/reorder_buffer.hpp"
#include "mtcp/core/ring.hpp"
#include "mtcp/core/rtt_estimator.hpp"
#include "mtcp/core/send_buffer.hpp"
#include "mtcp/core/send_cap.hpp"
#include "mtcp/core/stream_queue.hpp"
#include "mtcp/core/token_bucket.hpp"
#include "mtcp/core/wire.hpp"

namespace mtcp::core::test {
namespace {

std::string pattern(std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((offset + i) * 2654435761U >> 7);
  return text;
}

slice slice_at(std::uint64_t offset, std::size_t size) { return slice::copy_of(bytes_of(pattern(offset, size))); }

std::string read_all(reorder_buffer& buffer) {
  std::string text(buffer.readable(), '\0');
  buffer.read(std::as_writable_bytes(std::span(text)));
  return text;
}

TEST(Varint, KeepsEveryLengthAndRefusesHalfOnes) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{64}, std::uint64_t{16383}, std::uint64_t{16384},
        std::uint64_t{(1U << 30) - 1}, std::uint64_t{1U << 30}, max_varint}) {
    std::array<std::byte, 8> out{};
    wire_writer writer(out);
    writer.varint(value);
    EXPECT_EQ(writer.size(), varint_size(value));
    wire_reader whole(std::span<const std::byte>(out).first(writer.size()));
    EXPECT_EQ(whole.varint(), value);
    EXPECT_TRUE(whole.complete());
    wire_reader half(std::span<const std::byte>(out).first(writer.size() - 1));
    half.varint();
    EXPECT_FALSE(half.ok());
  }
}

TEST(ReorderBuffer, PutsPiecesInOrderAndDropsCopies) {
  reorder_buffer buffer;
  EXPECT_EQ(buffer.insert(10, slice_at(10, 10)).fresh, 10U);
  EXPECT_EQ(buffer.readable(), 0U);
  EXPECT_EQ(buffer.held(), 10U);
  EXPECT_EQ(buffer.insert(5, slice_at(5, 10)).fresh, 5U);
  const auto filled = buffer.insert(0, slice_at(0, 30));
  EXPECT_EQ(filled.fresh, 15U);
  EXPECT_TRUE(filled.filled_gap);
  EXPECT_EQ(buffer.held(), 0U);
  EXPECT_EQ(buffer.insert(3, slice_at(3, 20)).fresh, 0U);
  EXPECT_EQ(read_all(buffer), pattern(0, 30));
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(ReorderBuffer, AgreesWithAnArrayForRandomPieces) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    reorder_buffer buffer;
    const std::uint64_t total = 1 + random() % 100'000;
    std::vector<bool> seen(total);
    std::string got;
    while (got.size() < total) {
      // Often from 0 on, so that the first bytes come too.
      const std::uint64_t offset =
          std::max<std::int64_t>(0, static_cast<std::int64_t>(random() % (total + 10'000)) - 10'000);
      const std::size_t size = std::min<std::uint64_t>(1 + random() % 20'000, total - offset);
      std::size_t fresh = 0;
      for (std::size_t i = 0; i < size; ++i) {
        if (!seen[offset + i]) ++fresh;
        seen[offset + i] = true;
      }
      ASSERT_EQ(buffer.insert(offset, slice_at(offset, size)).fresh, fresh) << "seed " << seed;
      if (random() % 3 == 0) got += read_all(buffer);
    }
    ASSERT_EQ(got, pattern(0, total)) << "seed " << seed;
    ASSERT_EQ(buffer.memory(), 0U) << "seed " << seed;
  }
}

TEST(ReorderBuffer, SmallPiecesDoNotPinLargeChunks) {
  reorder_buffer buffer;
  for (std::uint64_t i = 0; i < 100; ++i) {
    buffer.insert(1 + 2 * i, slice(chunk_ref::make(), 0, 1));
  }
  EXPECT_LT(buffer.memory(), 100U * 128);
}

std::string text_of(const send_buffer& buffer, const segment& s) {
  gather_list list(s.size);
  buffer.gather(s, list);
  std::string text(list.size(), '\0');
  list.copy_to(std::as_writable_bytes(std::span(text)));
  return text;
}

TEST(SendBuffer, KeepsBytesUntilAcknowledgedInAnyOrder) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 50'000)));
  buffer.append(slice_at(50'000, 20'000));
  std::vector<std::uint64_t> cuts;
  while (buffer.unsent() > 0) cuts.push_back(buffer.cut(9'000));
  EXPECT_EQ(buffer.sent(), 70'000U);
  for (const std::uint64_t number : {cuts[3], cuts[0], cuts[7], cuts[1]}) EXPECT_TRUE(buffer.acknowledge(number));
  EXPECT_FALSE(buffer.acknowledge(cuts[3]));
  EXPECT_EQ(buffer.find(cuts[1]), nullptr);
  segment* kept = buffer.find(cuts[2]);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(text_of(buffer, *kept), pattern(kept->offset, kept->size));
  for (const std::uint64_t number : cuts) buffer.acknowledge(number);
  EXPECT_TRUE(buffer.all_acked());
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(SendBuffer, SmallWritesShareAChunkAndAReferenceBetweenThemIsKept) {
  send_buffer buffer;
  std::string all;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::string piece = pattern(all.size(), 1 + i % 37);
    if (i % 100 == 99) {
      const std::string large = pattern(all.size(), 9000);
      buffer.append(slice::copy_of(bytes_of(large)));
      all += large;
    } else {
      buffer.append(bytes_of(piece));
      all += piece;
    }
  }
  std::string sent;
  while (buffer.unsent() > 0) sent += text_of(buffer, *buffer.find(buffer.cut(12'345)));
  EXPECT_EQ(sent, all);
  EXPECT_LT(buffer.memory(), all.size() * 2);
}

TEST(GatherList, RefersToWhatIsLargeAndKeepsWhatIsSmall) {
  std::string small = "small", large(5000, 'x');
  gather_list list(8192);
  list.clear(6000);
  const auto write = [&](std::string_view text) {
    std::ranges::copy(bytes_of(text), list.rest().begin());
    list.wrote(text.size());
  };
  write("head ");
  list.refer(bytes_of(small));
  list.refer(bytes_of(large).first(2000));
  list.refer(bytes_of(large).subspan(2000));
  write(" tail");
  EXPECT_EQ(list.size(), 5015U);
  EXPECT_EQ(list.rest().size(), 985U);
  ASSERT_EQ(list.pieces().size(), 3U);  // what lies together is one piece
  EXPECT_EQ(list.pieces()[1].data(), bytes_of(large).data());
  small = "other";
  std::string all(list.size(), '\0');
  list.copy_to(std::as_writable_bytes(std::span(all)));
  EXPECT_EQ(all, "head small" + large + " tail");
  list.clear(100);
  EXPECT_EQ(list.size(), 0U);
  EXPECT_EQ(list.rest().size(), 100U);
}

TEST(GatherList, IsReadFromTheFront) {
  const std::string a = "abcde", b = "fgh";
  const std::array<byte_piece, 4> pieces{bytes_of(a), {}, bytes_of(b), {}};
  piece_reader reader(pieces);
  EXPECT_EQ(reader.left(), 8U);
  std::string got;
  std::vector<std::size_t> sizes;
  for (byte_piece next = reader.next(3); !next.empty(); next = reader.next(3)) {
    sizes.push_back(next.size());
    for (const std::byte c : next) got += static_cast<char>(c);
  }
  EXPECT_EQ(got, a + b);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 2, 3}));
  EXPECT_EQ(reader.left(), 0U);
}

TEST(SendBuffer, DropsWhatWasNeverSent) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 40'000)));
  const std::uint64_t first = buffer.cut(10'000);
  buffer.drop_unsent();
  EXPECT_EQ(buffer.unsent(), 0U);
  EXPECT_EQ(buffer.end(), 10'000U);
  EXPECT_TRUE(buffer.acknowledge(first));
  EXPECT_TRUE(buffer.all_acked());
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(FrameParser, GivesTheSameFramesHoweverTheBytesAreCut) {
  std::vector<std::byte> wire(200'000);
  std::size_t size = 0;
  const auto rest = [&] { return std::span(wire).subspan(size); };
  size += put_open_frame(rest(), frame_type::open, 1, 65536, 443, "example.org");
  const std::string payload = pattern(0, 40'000);
  const std::size_t fields = put_frame(rest(), frame_type::data, 1U, 77'000U);
  put_frame_header(rest().first<frame_header_size>(), frame_type::data, fields - frame_header_size + payload.size());
  size += fields;
  std::memcpy(wire.data() + size, payload.data(), payload.size());
  size += payload.size();
  put_frame_header(rest().first<frame_header_size>(), static_cast<frame_type>(0xee), 1000);
  size += frame_header_size + 1000;
  size += put_frame(rest(), frame_type::fin, 1U, 117'000U);
  wire.resize(size);

  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, size}) {
    frame_parser parser;
    std::string got;
    std::vector<frame_type> controls;
    std::size_t counted = 0;
    for (std::size_t at = 0; at < size; at += step) {
      slice input = slice::copy_of(std::span(wire).subspan(at, std::min(step, size - at)));
      for (;;) {
        const auto item = parser.next(input);
        if (item == frame_parser::item::need_more) break;
        ASSERT_NE(item, frame_parser::item::malformed);
        if (item == frame_parser::item::control) controls.push_back(parser.type());
        if (item == frame_parser::item::data) {
          EXPECT_EQ(parser.offset(), 77'000 + got.size());
          const slice piece = parser.take_piece();
          got.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        }
        counted += parser.frame_size();
      }
    }
    EXPECT_EQ(got, payload);
    EXPECT_EQ(controls, (std::vector{frame_type::open, frame_type::fin}));
    EXPECT_EQ(counted, size);
  }
}

TEST(FrameParser, RefusesWhatIsTooLongBeforeItCollectsIt) {
  for (const frame_type type : {frame_type::open, frame_type::data, static_cast<frame_type>(0x99)}) {
    std::array<std::byte, frame_header_size> header{};
    put_frame_header(header, type, 0xffffff);
    frame_parser parser;
    slice input = slice::copy_of(header);
    EXPECT_EQ(parser.next(input), frame_parser::item::malformed);
  }
}

TEST(RangeSet, JoinsNeighbours) {
  range_set set;
  for (const std::uint64_t value : {5U, 7U, 6U, 1U, 9U}) EXPECT_TRUE(set.insert(value));
  EXPECT_FALSE(set.insert(6));
  EXPECT_TRUE(set.contains(7));
  EXPECT_FALSE(set.contains(8));
  EXPECT_EQ(set.range_count(), 3U);
}

TEST(Ring, KeepsOrderWhileItWrapsAndGrows) {
  ring<int> r;
  int pushed = 0, popped = 0;
  for (int i = 0; i < 1000; ++i) {
    for (int k = 0; k < i % 7; ++k) r.push_back(pushed++);
    while (r.size() > static_cast<std::size_t>(i % 5)) {
      ASSERT_EQ(r.front(), popped++);
      r.pop_front();
    }
  }
}

TEST(RttEstimator, ForgetsAnOldMinimum) {
  rtt_estimator rtt;
  rtt.sample(10ms, 1s);
  for (int i = 2; i < 9; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 10ms);
  for (int i = 9; i < 20; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 50ms);
}

// Frames of 10 kB each millisecond, acknowledged 40 ms later: 10 MB/s.
void deliver(rate_estimator& rate, timestamp& now, int frames, duration per_frame, bool app_limited = false) {
  std::vector<rate_estimator::mark> marks;
  for (int i = 0; i < frames + 40; ++i, now += per_frame) {
    if (app_limited) rate.on_app_limited(400'000);
    if (i < frames) marks.push_back(rate.on_send(now, i == 0));
    if (i >= 40) rate.on_ack(10'000, marks[static_cast<std::size_t>(i - 40)], 10ms, now);
  }
}

TEST(RateEstimator, MeasuresWhatIsDelivered) {
  rate_estimator rate;
  timestamp now = 1s;
  deliver(rate, now, 200, 1ms);
  EXPECT_NEAR(rate.rate(), 10e6, 0.3e6);
}

TEST(RateEstimator, ALimitOfTheApplicationIsNotALimitOfThePath) {
  rate_estimator rate;
  timestamp now = 1s;
  deliver(rate, now, 200, 1ms);
  deliver(rate, now, 2000, 5ms, true);
  EXPECT_NEAR(rate.rate(), 10e6, 0.3e6);
  deliver(rate, now, 3000, 5ms);
  EXPECT_NEAR(rate.rate(), 2e6, 0.1e6);
}

TEST(RateEstimator, WhatAFewFramesShowIsOnlyALowerBound) {
  rate_estimator rate;
  const auto mark = rate.on_send(1s, true);
  rate.on_ack(30, mark, 10ms, 1s + 10ms);
  EXPECT_GT(rate.rate(), 0);
  EXPECT_FALSE(rate.proven_at());
  timestamp now = 2s;
  deliver(rate, now, 200, 1ms);
  EXPECT_TRUE(rate.proven_at());
}

TEST(SendCap, IsTwiceWhatTheRateFillsUntilTheRateIsFlat) {
  send_cap cap;
  EXPECT_EQ(cap.value(0, 40ms, false), send_cap::start);
  for (const double rate : {5e6, 10e6}) cap.on_round(rate, true);
  EXPECT_NEAR(static_cast<double>(cap.value(10e6, 40ms, false)), 2 * 10e6 * 0.045 + 50e3, 1);
  for (int i = 0; i < 10; ++i) cap.on_round(10e6, false);
  EXPECT_FALSE(cap.started()) << "nothing to send says nothing about the path";
  for (int i = 0; i < 3; ++i) cap.on_round(10e6, true);
  EXPECT_TRUE(cap.started());
  EXPECT_NEAR(static_cast<double>(cap.value(10e6, 40ms, false)), send_cap::steady_gain * 10e6 * 0.045 + 50e3, 1);
}

TEST(SendCap, LeavesRoomForAWholeRecordOnceTheRateIsKnown) {
  send_cap cap;
  EXPECT_EQ(cap.slack(0, 80ms), 16'384U);
  EXPECT_EQ(cap.slack(1e6, 80ms), 5'000U) << "the rate may be far too high";
  for (int i = 0; i < 4; ++i) cap.on_round(1e6, true);
  EXPECT_EQ(cap.slack(1e6, 80ms), 16'000U);
  EXPECT_EQ(cap.slack(2e6, 80ms), 16'384U);
  EXPECT_EQ(cap.slack(1e6, 10ms), 5'000U) << "next to so short a round trip a record is long";
  EXPECT_EQ(cap.slack(75e3, 80ms), 4'096U);
  EXPECT_EQ(cap.slack(20e6, 80ms), 100'000U);
  EXPECT_EQ(cap.slack(1e9, 80ms), 524'288U);
}

TEST(SendCap, StopsDoublingWhenAQueueBuildsUp) {
  send_cap cap;
  cap.on_round(10e6, true);
  cap.on_queue(5ms, 40ms);
  EXPECT_FALSE(cap.started());
  cap.on_queue(9ms, 40ms);
  EXPECT_TRUE(cap.started());
}

TEST(SendCap, IsShallowWhileSomebodyWaitsForMessages) {
  send_cap cap;
  EXPECT_EQ(cap.calm_value(1e9, 200us, false), 2 * 200'000 + send_cap::calm_acks + send_cap::calm_slack)
      << "also while it is still growing: a fast program is never the cap's to limit";
  EXPECT_EQ(cap.calm_value(10e6, 200us, false), send_cap::start);
  for (int i = 0; i < 4; ++i) cap.on_round(1e9, true);
  EXPECT_EQ(cap.calm_value(1e9, 200us, false), 200'000 + send_cap::calm_acks + send_cap::calm_slack);
  EXPECT_EQ(cap.calm_value(2e6, 40ms, false), 2'000'000 * 45 / 1000 + send_cap::calm_slack);
}

TEST(CompletionTime, SolvesForTheBacklog) {
  const std::vector<lane> others{{10e6, 0.010}, {10e6, 0.030}};
  EXPECT_NEAR(completion_time(others, 100e3), 0.020, 1e-9);  // the first alone
  EXPECT_NEAR(completion_time(others, 400e3), 0.040, 1e-9);  // 300 kB by the first, 100 kB by the second
  EXPECT_TRUE(worth_using({10e6, 0.005}, others, 0));        // the quickest always
  EXPECT_FALSE(worth_using({1e6, 0.100}, others, 100e3));    // slower than all the rest together
  EXPECT_TRUE(worth_using({1e6, 0.100}, others, 100e6));     // a long backlog needs every bridge
}

TEST(StreamQueue, ASparseStreamIsOneThatSendsLittleWithinFiftyMilliseconds) {
  sparse_meter meter;
  EXPECT_TRUE(meter.sparse(1s));
  meter.on_sent(20'000, 1s);
  EXPECT_FALSE(meter.sparse(1s + 49ms));
  EXPECT_TRUE(meter.sparse(1s + 50ms));
}

TEST(TokenBucket, RefillsAtItsRateUpToTheBurst) {
  token_bucket bucket(1000, 100);
  bucket.refill(1s);
  bucket.spend(150);
  EXPECT_TRUE(bucket.empty());
  EXPECT_EQ(std::chrono::ceil<std::chrono::milliseconds>(bucket.ready_at() - 1s).count(), 51);
  bucket.refill(1s + 60ms);
  EXPECT_FALSE(bucket.empty());
  bucket.refill(10s);
  EXPECT_EQ(bucket.level(), 100);
}

}  // namespace
}  // namespace mtcp::core::test
