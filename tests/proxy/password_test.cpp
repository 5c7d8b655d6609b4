#include "mtcp/proxy/password.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "mtcp/proxy/users.hpp"
#include "proxy/pieces.hpp"

namespace mtcp::proxy {
namespace {

using test::byte_vector;
using test::bytes_of;
using test::certain_at;
using test::decode_in_pieces;
using test::operator+;
using namespace std::string_view_literals;

byte_vector login(std::string_view name, std::string_view password) {
  return bytes_of({1, static_cast<int>(name.size())}) + bytes_of(name) + bytes_of({static_cast<int>(password.size())}) +
         bytes_of(password);
}

TEST(Login, IsReadInPieces) {
  const auto result = decode_in_pieces(login("alice", "s3cret"), decode_login);
  EXPECT_EQ(result.value().name, "alice");
  EXPECT_EQ(result.value().password, "s3cret");
}

TEST(Login, MayBeEmptyOrAsLongAsCanBe) {
  EXPECT_EQ(decode_in_pieces(login("", ""), decode_login).value().name, "");
  const std::string long_one(255, 'x');
  ASSERT_EQ(login(long_one, long_one).size(), max_login_size);
  EXPECT_EQ(decode_in_pieces(login(long_one, long_one), decode_login).value().password, long_one);
}

TEST(Login, MayHoldAnyByte) {
  const auto password = "a\0:\xff\n"sv;
  EXPECT_EQ(decode_in_pieces(login("a\0b"sv, password), decode_login).value().password, password);
}

TEST(Login, OfAnotherVersionIsAnErrorAtItsFirstByte) {
  for (const int version : {0, 2, 5, 255}) EXPECT_EQ(certain_at(bytes_of({version, 1}), decode_login), 1) << version;
}

TEST(Login, IsAnsweredInTwoBytes) {
  EXPECT_EQ(encode_login_answer(true), (std::array{std::byte{1}, std::byte{0}}));
  EXPECT_EQ(encode_login_answer(false)[0], std::byte{1});
  EXPECT_NE(encode_login_answer(false)[1], std::byte{0});
}

TEST(Users, AreReadFromLines) {
  const auto users = user_table::parse("# who may\nalice:s3cret\r\n\nbob:with:colon\ncarol: spaces \n");
  EXPECT_EQ(users.size(), 3U);
  EXPECT_TRUE(users.admits("alice", "s3cret"));
  EXPECT_TRUE(users.admits("bob", "with:colon"));
  EXPECT_TRUE(users.admits("carol", " spaces "));
}

TEST(Users, AreAdmittedWithTheirWholePasswordOnly) {
  const auto users = user_table::parse("alice:s3cret\nbob:hunter2");
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"alice", "hunter2"},     {"alice", ""},        {"alice", "s3cre"},
      {"alice", "s3cret\0"sv},  {"alice", "s3crets"}, {"", ""},
      {"", "s3cret"},           {"Alice", "s3cret"},  {"alic", "s3cret"},
      {"alice\0"sv, "s3cret"},  {"mallory", "x"},     {"alicealice", "s3cret"},
      {"alice", "s3crets3cret"}};
  for (const auto& [name, password] : wrong) EXPECT_FALSE(users.admits(name, password)) << name << ':' << password;
}

TEST(Users, NobodyIsAdmittedByAnEmptyTable) {
  EXPECT_TRUE(user_table::parse("\n# nobody\n").empty());
  EXPECT_FALSE(user_table().admits("", ""));
}

TEST(Users, ErrorsNameTheLineAndNoSecret) {
  const std::string long_one(256, 'x');
  for (const std::string& bad : {std::string("no-colon-s3cret"), std::string(":s3cret"), std::string("alice:"),
                                 long_one + ":s3cret", "s3cret:" + long_one, std::string("bob:s3cret")}) {
    try {
      user_table::parse("bob:x\n" + bad);
      ADD_FAILURE() << bad;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find("line 2"), std::string::npos) << e.what();
      EXPECT_EQ(std::string(e.what()).find("s3cret"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace mtcp::proxy
