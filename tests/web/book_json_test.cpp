// What was carried, in the documents of the status endpoint.
#include "status/book_json.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "program/book_entry.hpp"
#include "status/site.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;

/// A stream to that host that has carried 10 bytes up and 20 down.
void carry(const std::shared_ptr<program::traffic_book>& book, const std::string& host, const char* why) {
  program::book_entry entry(book, {.target = {host, 443}, .source = "192.0.2.7", .user = "alice"});
  entry.crossed(10, false);
  entry.crossed(20, true);
  entry.ended(why);
}

TEST(BookJson, TellsTotalsByWhatTheyAreFor) {
  const auto book = std::make_shared<program::traffic_book>();
  carry(book, "www.example.co.uk", "closed");
  carry(book, "mail.example.co.uk", "closed");
  book->add(program::totals::kind::path, "dsl", {.up = 100, .down = 200});
  const document told = document::parse(totals_json(*book, role::client));
  const document both = {{"bytes_up", 20}, {"bytes_down", 40}};
  const document only = {{"name", "example.co.uk"}, {"today", both}, {"week", both}, {"month", both}};
  EXPECT_EQ(told["destinations"], document::array({only}));
  EXPECT_EQ(told["sources"][0]["name"], "192.0.2.7");
  EXPECT_EQ(told["users"][0]["name"], "alice");
  EXPECT_EQ(told["users"][0]["month"], both);
  EXPECT_EQ(told["paths"][0]["today"]["bytes_down"], 200);
  EXPECT_EQ(told["destinations_kept"], true);
}

TEST(BookJson, TellsClosedStreamsTheLatestFirst) {
  const auto book = std::make_shared<program::traffic_book>();
  carry(book, "a.example", "closed");
  carry(book, "b.example", "reset by the application");
  const document streams = document::parse(closed_json(*book))["streams"];
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]["target"], "b.example:443");
  EXPECT_EQ(streams[0]["number"], 2);
  EXPECT_EQ(streams[0]["bytes_up"], 10);
  EXPECT_EQ(streams[0]["bytes_down"], 20);
  EXPECT_EQ(streams[0]["ended"], "reset by the application");
  EXPECT_EQ(streams[0]["user"], "alice");
  EXPECT_EQ(streams[0]["direct"], false);
  EXPECT_GE(streams[0]["age_seconds"], 0);
  EXPECT_GT(streams[0]["time"], 1e9);
}

TEST(BookJson, KeepsNoDestinations) {
  const auto book = std::make_shared<program::traffic_book>(nullptr, false);
  carry(book, "secret.example", "closed");
  for (const std::string& told : {totals_json(*book, role::client), closed_json(*book)}) {
    EXPECT_EQ(told.find("secret"), std::string::npos) << told;
    EXPECT_EQ(document::parse(told)["destinations_kept"], false);
  }
  EXPECT_EQ(document::parse(totals_json(*book, role::client))["sources"][0]["name"], "192.0.2.7");
}

TEST(BookJson, IsServedWhereThereIsABook) {
  const auto ask = [](site_options options, const char* path) {
    request r{http::verb::get, path, 11};
    r.set(http::field::host, "localhost");
    const answer got = site(std::move(options), [] { return test::only(test::tunnel("s", {})); }).respond(r);
    return std::pair(got.status, std::string(got.body));
  };
  const program::traffic_book book;
  for (const char* path : {"/api/totals", "/api/closed"}) {
    EXPECT_EQ(ask({}, path).first, http::status::not_found);
    site_options with;
    with.book = [&book]() -> const program::traffic_book& { return book; };
    EXPECT_EQ(ask(with, path).first, http::status::ok);
    EXPECT_EQ(document::parse(ask(with, "/api/controls").second)["totals"], true);
    EXPECT_EQ(document::parse(ask(with, "/api/controls").second)["closed"], true);
  }
}

TEST(BookJson, TellsOfAServersUsersAlone) {
  const auto book = std::make_shared<program::traffic_book>(nullptr, false);
  book->add(program::totals::kind::user, "anna", {.up = 100, .down = 200});
  site_options with;
  with.which = role::server;
  with.book = [&book]() -> const program::traffic_book& { return *book; };
  site tested(std::move(with), [] { return test::only(test::tunnel("s", {})); });
  const auto ask = [&tested](const char* path) {
    request r{http::verb::get, path, 11};
    r.set(http::field::host, "localhost");
    const answer got = tested.respond(r);
    return got.status == http::status::ok ? document::parse(got.body) : document();
  };
  const document told = ask("/api/totals");
  EXPECT_EQ(told["users"][0]["name"], "anna");
  EXPECT_EQ(told["users"][0]["month"]["bytes_down"], 200);
  EXPECT_FALSE(told.contains("destinations")) << told;
  EXPECT_TRUE(ask("/api/closed").is_null());
  EXPECT_EQ(ask("/api/controls")["totals"], true);
  EXPECT_EQ(ask("/api/controls")["closed"], false);
}

}  // namespace
}  // namespace mtcp::status
