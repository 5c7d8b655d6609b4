#include "program/accounts.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace mtcp::program {
namespace {

struct AccountFiles : testing::Test {
  lab::temp_dir files;
  std::string users = files.write("passwd",
                                  "root:x:0:0:root:/root:/bin/sh\n"
                                  "# a comment\n"
                                  "broken line\n"
                                  "mtcp:x:991:992::/nonexistent:/bin/false\n"
                                  "other:x:991:12::/:/bin/false\n");
  std::string groups = files.write("group", "root:x:0:\nmtcp:x:992:\nmany:x:993:a,b,c");
};

TEST_F(AccountFiles, HaveUsersByName) {
  const auto found = find_user_in(users.c_str(), "mtcp");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, 991u);
  EXPECT_EQ(found->group, 992u);
  EXPECT_EQ(find_user_in(users.c_str(), "root")->user, 0u);
  for (const char* strange : {"", "mtc", "mtcpx", "x", "broken line"})
    EXPECT_FALSE(find_user_in(users.c_str(), strange)) << strange;
}

TEST_F(AccountFiles, HaveUsersByNumberTheFirstOfWhichCounts) {
  EXPECT_EQ(find_user_in(users.c_str(), uid_t{991})->group, 992u);
  EXPECT_FALSE(find_user_in(users.c_str(), uid_t{5}));
}

TEST_F(AccountFiles, HaveGroups) {
  EXPECT_EQ(find_group_in(groups.c_str(), "mtcp"), gid_t{992});
  EXPECT_EQ(find_group_in(groups.c_str(), "many"), gid_t{993}) << "the last line need not end";
  EXPECT_FALSE(find_group_in(groups.c_str(), "a"));
}

TEST_F(AccountFiles, MayBeMissing) {
  const std::string nowhere = files / "none";
  EXPECT_FALSE(find_user_in(nowhere.c_str(), "mtcp"));
  EXPECT_FALSE(find_user_in(nowhere.c_str(), uid_t{0}));
  EXPECT_FALSE(find_group_in(nowhere.c_str(), "mtcp"));
}

// Whichever way the program was built.
TEST(Accounts, AreThoseOfThisMachine) {
  EXPECT_EQ(find_user("root")->user, 0u);
  EXPECT_EQ(find_user(uid_t{0})->group, 0u);
  EXPECT_EQ(find_group("root"), gid_t{0});
  EXPECT_FALSE(find_user("no-such-user"));
  EXPECT_FALSE(find_group("no-such-group"));
}

}  // namespace
}  // namespace mtcp::program
