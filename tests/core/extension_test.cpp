// The list of extensions: what may be in it, and what is made of values.
#include "mtcp/core/wire/extension.hpp"

#include <gtest/gtest.h>

#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

using namespace std::chrono_literals;
using bytes = std::vector<std::byte>;

TEST(Extensions, EachTypeOnce) {
  extension_list list;
  EXPECT_TRUE(list.add(extension::resume_timeout, 5));
  EXPECT_FALSE(list.add(extension::resume_timeout, 6));
  EXPECT_EQ(list.number(extension::resume_timeout), 5U);
}

TEST(Extensions, AreLimitedInNumber) {
  extension_list list;
  for (std::uint64_t type = 1; type <= max_extensions; ++type) EXPECT_TRUE(list.add(type, {}));
  EXPECT_FALSE(list.add(max_extensions + 1, {}));
  EXPECT_EQ(list.entries().size(), max_extensions);
}

TEST(Extensions, AreLimitedInSize) {
  extension_list list;
  EXPECT_FALSE(list.add(1, bytes(max_extension_bytes - 2)));
  EXPECT_TRUE(list.add(1, bytes(max_extension_bytes - 5)));
  EXPECT_EQ(list.size_in_bytes(), max_extension_bytes - 2);
  EXPECT_FALSE(list.add(2, bytes(1)));
  EXPECT_TRUE(list.add(2, {}));
}

TEST(Extensions, ThatAreMissingOrNoNumberSayNothing) {
  extension_list none, empty, longer;
  EXPECT_EQ(none.number(extension::resume_timeout), std::nullopt);
  empty.add(1, {});
  EXPECT_EQ(empty.number(extension::resume_timeout), std::nullopt);
  longer.add(1, bytes(2, std::byte{1}));
  EXPECT_EQ(longer.number(extension::resume_timeout), std::nullopt);
}

TEST(Extensions, OfTypesThatStayUnassignedAreNoKnownOnes) {
  for (unsigned n = 0; n < 256; ++n) {
    EXPECT_EQ(unassigned_extension(static_cast<std::uint8_t>(n)) % 31, 27U);
    EXPECT_NE(unassigned_extension(static_cast<std::uint8_t>(n)),
              static_cast<std::uint64_t>(extension::resume_timeout));
  }
}

TEST(Extensions, TheShorterResumeTimeoutHolds) {
  const auto agreed = [](std::uint64_t told) {
    extension_list peers;
    peers.add(extension::resume_timeout, told);
    return agreed_resume_timeout(60s, peers);
  };
  EXPECT_EQ(agreed_resume_timeout(60s, {}), 60s);
  EXPECT_EQ(agreed(200), 200ms);
  EXPECT_EQ(agreed(0), 0s);
  EXPECT_EQ(agreed(90'000), 60s);
  EXPECT_EQ(agreed(max_varint), 60s);
  EXPECT_EQ(resume_timeout_value(60s + 1ns), 60'000U);
}

TEST(Extensions, TellTheBudgetOfABridge) {
  extension_list list;
  EXPECT_EQ(budget_of(list), bridge_budget{});
  EXPECT_TRUE(add_budget(list, {0, 13'000}));
  EXPECT_EQ(budget_of(list), (bridge_budget{0, 13'000}));
}

TEST(Extensions, WithABudgetThatCannotBeSayNothing) {
  extension_list small, cut, longer;
  EXPECT_TRUE(add_budget(small, {min_budget - 1, 13'000}));
  EXPECT_TRUE(cut.add(extension::budget, 13'000));
  EXPECT_TRUE(longer.add(2, bytes(3, std::byte{0})));
  for (const extension_list* list : {&small, &cut, &longer}) EXPECT_EQ(budget_of(*list), bridge_budget{});
}

TEST(Extensions, TellARole) {
  extension_list list, beyond, cut;
  EXPECT_FALSE(role_of(list).has_value());
  EXPECT_TRUE(list.add(extension::role, 2));
  EXPECT_EQ(role_of(list), path_role::overflow);
  EXPECT_TRUE(beyond.add(extension::role, 4));
  EXPECT_TRUE(cut.add(4, {}));
  for (const extension_list* none : {&beyond, &cut}) EXPECT_FALSE(role_of(*none).has_value());
  EXPECT_EQ(plain_role(path_role::active), 0U);
  for (const path_role role : {path_role::backup, path_role::overflow, path_role::never})
    EXPECT_EQ(plain_role(role), 1U);
}

TEST(Extensions, TheSmallerNumberOfReverseStreamsHolds) {
  const auto agreed = [](std::uint64_t told) {
    extension_list peers;
    peers.add(extension::reverse, told);
    return agreed_reverse(4096, peers);
  };
  EXPECT_EQ(agreed_reverse(4096, {}), 0U);
  EXPECT_EQ(agreed(0), 0U);
  EXPECT_EQ(agreed(100), 100U);
  EXPECT_EQ(agreed(max_varint), 4096U);
}

TEST(Extension, AReasonIsOneThatIsKnown) {
  extension_list list;
  EXPECT_FALSE(reason_of(list));
  for (const std::uint64_t number : {0, 4, 1 << 20}) {
    extension_list wrong;
    wrong.add(extension::reason, number);
    EXPECT_FALSE(reason_of(wrong)) << number;
  }
  list.add(extension::reason, static_cast<std::uint64_t>(limit_reason::quota));
  EXPECT_EQ(reason_of(list), limit_reason::quota);
  extension_list offered;
  offered.add(static_cast<std::uint64_t>(extension::reason), {});
  EXPECT_FALSE(reason_of(offered)) << "a HELLO asks for it";
}

}  // namespace
}  // namespace mtcp::core
