#include "program/printable.hpp"

#include <gtest/gtest.h>

namespace mtcp::program {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesTextAlone) {
  for (const auto text :
       {"", "client \xc3\xa4nn, session 1f", "\xe5\xae\xa2\xe6\x88\xb7 up", "C:\\x", "\xf0\x9f\x98\x80"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatTerminalsObeyAndWhatEndsALine) {
  EXPECT_EQ(printable("a\nb\r\t"), "a\\x0ab\\x0d\\x09");
  EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(printable("a\0b\x7f"s), "a\\x00b\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J")
      << "C1";
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(printable("\x9b"
                      "2J\xff"),
            "\\x9b2J\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3");
}

}  // namespace
}  // namespace mtcp::program
