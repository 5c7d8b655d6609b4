// The figures that come with the page.
#include "status/first_page.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "status/asset.hpp"
#include "status/site.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;

const std::string open = R"(<script id="first" type="application/json">)";

TEST(FirstPage, HasTheDocumentInItsBlock) {
  EXPECT_EQ(page_with("<a>" + open + "</script><b>", R"({"x":1})"), "<a>" + open + R"({"x":1}</script><b>)");
  EXPECT_EQ(page_with("<a>", "{}"), "<a>") << "a page without a block";
}

TEST(FirstPage, CannotBeLeftByAName) {
  const std::string hostile = "</script><!--<script>\"\\";
  const std::string made = page_with(open + "</script>", document{{"name", hostile}}.dump());
  const std::string inside = made.substr(open.size(), made.size() - open.size() - std::string("</script>").size());
  EXPECT_EQ(inside.find('<'), std::string::npos) << inside;
  EXPECT_EQ(document::parse(inside)["name"], hostile);
}

class FirstPageOfASite : public testing::Test {
 protected:
  FirstPageOfASite() { tunnels.tunnels[0].streams = {test::stream(7, "</script>.example", 1, 2)}; }
  answer ask(const char* path) {
    request r{http::verb::get, path, 11};
    r.set(http::field::host, "localhost");
    return it.respond(r);
  }
  document first() {
    const std::string body(ask("/").body);
    const std::size_t begin = body.find(open) + open.size();
    return document::parse(body.substr(begin, body.find('<', begin) - begin));
  }

  static site_options closing() {
    site_options options;
    options.can.close_stream = [](const std::string&, std::uint64_t) { return true; };
    return options;
  }

  acceptor_snapshot tunnels = test::only(test::tunnel("s", {test::bridge(1, 10, 20)}));
  site it{closing(), [this] { return tunnels; }};
};

TEST_F(FirstPageOfASite, TellsWhatThePageWouldAskFor) {
  if (assets().empty()) GTEST_SKIP() << "built without the dashboard";
  const document told = first();
  EXPECT_EQ(told["stats"]["bridges"][0]["bytes_down"], 20);
  EXPECT_EQ(told["stats"]["streams"][0]["target"], "</script>.example:443");
  EXPECT_EQ(told["controls"]["close_stream"], true);
  EXPECT_EQ(told["controls"]["change_path"], false);
  EXPECT_NE(ask("/").fields.find("Cache-Control: no-store"), std::string::npos);
}

TEST_F(FirstPageOfASite, KeepsTheTokenToItself) {
  if (assets().empty()) GTEST_SKIP() << "built without the dashboard";
  const std::string token = document::parse(ask("/api/controls").body)["token"];
  EXPECT_EQ(ask("/").body.find(token), std::string_view::npos);
  EXPECT_FALSE(first()["controls"].contains("token"));
}

}  // namespace
}  // namespace mtcp::status
