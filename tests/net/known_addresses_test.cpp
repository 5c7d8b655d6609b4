// What a path remembers of its server's addresses.
#include "mtcp/net/dial/known_addresses.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mtcp {
namespace {

using text_list = std::vector<std::string>;

ip_address address(const std::string& text) { return parse_address(text).value(); }

text_list texts(const std::vector<ip_address>& addresses) {
  text_list out;
  for (const auto& a : addresses) out.push_back(a.to_string());
  return out;
}

text_list order(const known_addresses& known, const text_list& found) {
  std::vector<ip_address> addresses;
  for (const auto& text : found) addresses.push_back(address(text));
  return texts(known.in_order(addresses));
}

TEST(KnownAddresses, AreThoseThatWorkedTheLastOneFirst) {
  known_addresses known;
  for (const char* a : {"1.1.1.1", "2.2.2.2", "1.1.1.1"}) known.worked(address(a));
  EXPECT_EQ(texts(known.all()), (text_list{"1.1.1.1", "2.2.2.2"}));
}

TEST(KnownAddresses, AreFew) {
  known_addresses known;
  for (int i = 1; i <= 9; ++i) known.worked(address("10.0.0." + std::to_string(i)));
  EXPECT_EQ(texts(known.all()), (text_list{"10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.6"}));
}

TEST(KnownAddresses, LetFamiliesTakeTurnsWithoutHistory) {
  EXPECT_EQ(order({}, {"::1", "::2", "1.1.1.1"}), (text_list{"::1", "1.1.1.1", "::2"}));
  EXPECT_EQ(order({}, {}), text_list{});
}

TEST(KnownAddresses, TryFirstWhatWorkedLast) {
  known_addresses known;
  known.worked(address("2.2.2.2"));
  EXPECT_EQ(order(known, {"::1", "::2", "1.1.1.1", "2.2.2.2"}), (text_list{"2.2.2.2", "::1", "1.1.1.1", "::2"}));
}

TEST(KnownAddresses, TryTheFamilyFirstThatWorkedLast) {
  known_addresses known;
  known.worked(address("9.9.9.9"));
  EXPECT_EQ(order(known, {"::1", "1.1.1.1"}), (text_list{"1.1.1.1", "::1"}));
}

// Something on the way answers TCP and nothing more: what is left is tried first.
TEST(KnownAddresses, TryLastWhatFailedLast) {
  known_addresses known;
  known.worked(address("::1"));
  known.worked(address("::2"));
  known.failed(address("::2"));
  EXPECT_EQ(order(known, {"::2", "1.1.1.1", "::1"}), (text_list{"::1", "1.1.1.1", "::2"}));
  EXPECT_EQ(texts(known.all()), (text_list{"::1", "::2"}));
  known.failed(address("::1"));
  EXPECT_EQ(order(known, {"::1", "1.1.1.1"}), (text_list{"1.1.1.1", "::1"}));
  known.worked(address("::1"));
  EXPECT_EQ(order(known, {"1.1.1.1", "::1"}), (text_list{"::1", "1.1.1.1"}));
}

}  // namespace
}  // namespace mtcp
