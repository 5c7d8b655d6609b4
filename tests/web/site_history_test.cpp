// /api/history as it is asked for.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "status/site.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;

class SiteHistory : public testing::Test {
 protected:
  answer ask(const std::string& target) {
    request r{http::verb::get, target, 11};
    r.set(http::field::host, "localhost");
    return it.respond(r);
  }

  site it{{}, [] { return test::only(test::tunnel("s", {test::bridge(1, 10, 20)})); }};
};

TEST_F(SiteHistory, HasASpanIfItIsAskedForOne) {
  for (const history_span& span : history_spans) {
    const document told = document::parse(ask("/api/history?x=1&span=" + std::string(span.name)).body);
    EXPECT_EQ(told["span"], span.name);
    EXPECT_EQ(told["step_seconds"], span.step);
    EXPECT_TRUE(told["paths"].is_array());
  }
}

TEST_F(SiteHistory, IsThatOfBridgesWithoutASpan) {
  for (const char* target : {"/api/history", "/api/history?", "/api/history?x=1"}) {
    const document told = document::parse(ask(target).body);
    EXPECT_TRUE(told.contains("bridges")) << target;
    EXPECT_TRUE(told.contains("tick")) << target;
    EXPECT_FALSE(told.contains("span")) << target;
  }
}

TEST_F(SiteHistory, SaysWhichSpansThereAre) {
  for (const char* target : {"/api/history?span=7d", "/api/history?span=", "/api/history?span=24H"}) {
    const answer told = ask(target);
    EXPECT_EQ(told.status, http::status::bad_request) << target;
    EXPECT_EQ(told.body, "span: expected 1h, 24h or 30d\n") << target;
  }
}

}  // namespace
}  // namespace mtcp::status
