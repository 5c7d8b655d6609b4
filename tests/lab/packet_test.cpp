#include "lab/packet.hpp"

#include <gtest/gtest.h>

#include "lab/made_packets.hpp"

namespace mtcp::lines {
namespace {

header parsed(const made& m) { return parse(make(m), m.way).value(); }

TEST(Packet, BothDirectionsOfAConnectionHaveOneFlow) {
  for (const bool six : {false, true}) {
    const header up = parsed({.way = direction::up, .six = six});
    EXPECT_EQ(up.flow, parsed({.way = direction::down, .six = six}).flow);
    EXPECT_NE(up.flow, parsed({.port = 4001, .six = six}).flow);
  }
  EXPECT_NE(parsed({}).flow, parsed({.six = true}).flow);
}

TEST(Packet, FlagsTellHowAConnectionBeginsAndEnds) {
  EXPECT_TRUE(parsed({.flags = syn}).syn);
  EXPECT_FALSE(parsed({.flags = syn | ack}).syn);
  EXPECT_TRUE(parsed({.flags = fin | ack}).fin);
  EXPECT_TRUE(parsed({.flags = rst, .six = true}).rst);
  EXPECT_EQ(parsed({.flags = syn, .sequence = 0x01020304}).sequence, 0x01020304U);
}

TEST(Packet, WhatIsCutShortIsNoTcp) {
  packet p = make({});
  p.resize(30);
  EXPECT_FALSE(parse(p, direction::up)->tcp);
  p.resize(10);
  EXPECT_FALSE(parse(p, direction::up));
}

// Over whole 16-bit words, what a checksum covers adds up to 0xffff.
std::uint32_t folded(std::span<const std::uint8_t> p, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i + 1 < p.size(); i += 2) sum += std::uint32_t{p[i]} << 8 | p[i + 1];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(Packet, AResetComesFromTheOtherEndAndFits) {
  for (const bool six : {false, true}) {
    const packet answer = reset_answering(make({.way = direction::up, .six = six}));
    const header h = parse(answer, direction::down).value();
    EXPECT_TRUE(h.rst);
    EXPECT_EQ(h.flow, parsed({.six = six}).flow);
    EXPECT_EQ(h.sequence, 77U);
    const std::span<const std::uint8_t> p(answer), addresses = six ? p.subspan(8, 32) : p.subspan(12, 8);
    EXPECT_EQ(folded(p.last(20), folded(addresses) + 6 + 20), 0xffffU);
    if (!six) {
      EXPECT_EQ(folded(p.first(20)), 0xffffU);
    }
  }
}

TEST(Packet, AResetAcknowledgesASyn) {
  const packet answer = reset_answering(make({.flags = syn, .sequence = 41}));
  EXPECT_EQ(answer[20 + 11], 42);
  EXPECT_EQ(answer[20 + 13], rst | ack);
}

}  // namespace
}  // namespace mtcp::lines
