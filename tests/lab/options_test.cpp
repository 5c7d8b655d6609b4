#include "lab/options.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace mtcp::lines {
namespace {

using namespace std::chrono_literals;

std::string complaint(const std::string& text) {
  try {
    parse_line(text);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(LineOptions, ALineAsItWasAlwaysGiven) {
  const line_options line = parse_line("line0,rate=8e6,delay=2.5,queue=800e3,each");
  EXPECT_EQ(line.name, "line0");
  EXPECT_EQ(line.up.rate, 8e6);
  EXPECT_EQ(line.down.rate, 8e6);
  EXPECT_EQ(line.delay, 2500us);
  EXPECT_EQ(line.queue, 800'000U);
  EXPECT_TRUE(line.each);
}

TEST(LineOptions, WhatIsSaidOfOneDirectionIsNotTrueOfTheOther) {
  const line_options line = parse_line("l,rate=5,up-rate=3,down-freezes-after=16384,fades-after=64e6,faded-rate=1e6");
  EXPECT_EQ(line.up.rate, 3);
  EXPECT_EQ(line.down.rate, 5);
  EXPECT_EQ(line.up.freezes_after, 0U);
  EXPECT_EQ(line.down.freezes_after, 16384U);
  EXPECT_EQ(line.up.fades_after, 64'000'000U);
  EXPECT_EQ(line.down.faded_rate, 1e6);
}

TEST(LineOptions, WhatANetworkWatches) {
  const line_options line = parse_line(
      "l,fades-at=15,faded-rate=1,dies-at=20,forgets-after=30,syn-gap=1.25,block=60,connections=4,"
      "punishes=reset,silent-every=3,silent-for=0.3-1,seed=9");
  EXPECT_EQ(line.fades_at, 15s);
  EXPECT_EQ(line.dies_at, 20s);
  EXPECT_EQ(line.forgets_after, 30s);
  EXPECT_EQ(line.syn_gap, 1250ms);
  EXPECT_EQ(line.block, 60s);
  EXPECT_EQ(line.connections, 4U);
  EXPECT_EQ(line.punishes, line_options::punishment::reset);
  EXPECT_EQ(line.silent_every, 3s);
  EXPECT_EQ(line.silent_least, 300ms);
  EXPECT_EQ(line.silent_most, 1s);
  EXPECT_EQ(line.seed, 9U);
}

TEST(LineOptions, WhatIsWrongIsNamed) {
  EXPECT_EQ(complaint("l,rate=8x"), "'rate=8x' in 'l,rate=8x': no such number");
  EXPECT_EQ(complaint("l,dela=8"), "'dela=8' in 'l,dela=8': unknown");
  EXPECT_EQ(complaint("l,up-delay=8"), "'up-delay=8' in 'l,up-delay=8': unknown");
  EXPECT_EQ(complaint("l,rate"), "'rate' in 'l,rate': needs a value");
  EXPECT_EQ(complaint("l,fades-at=3"), "'l,fades-at=3': needs a faded-rate");
  EXPECT_EQ(complaint("l,common-rate=3"), "'l,common-rate=3': common-rate is for `each`");
  EXPECT_EQ(complaint("l,silent-every=3,silent-for=2-4"),
            "'l,silent-every=3,silent-for=2-4': silent-for is LEAST-MOST, within silent-every");
  EXPECT_EQ(complaint(""), "'': needs a name");
}

}  // namespace
}  // namespace mtcp::lines
