#include "status/book_json.hpp"

#include <chrono>
#include <ranges>

#include "status/json.hpp"

namespace mtcp::status {
namespace {

using program::totals;

constexpr const char* keys[totals::kinds] = {"destinations", "sources", "users",
                                             "paths"};  // in the order of the enumerators

void write_amount(json& out, const char* name, const program::amount& carried) {
  out.key(name).begin_object().member("bytes_up", carried.up).member("bytes_down", carried.down).end_object();
}

void write_kind(json& out, const program::traffic_book& book, std::size_t which) {
  out.key(keys[which]).begin_array();
  for (const totals::row& row : book.all().rows(static_cast<totals::kind>(which), book.today())) {
    out.begin_object().member("name", row.name);
    write_amount(out, "today", row.today);
    write_amount(out, "week", row.week);
    write_amount(out, "month", row.month);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

std::string totals_json(const program::traffic_book& book) {
  json out;
  out.begin_object().member("today", program::to_text(book.today()));
  out.member("destinations_kept", book.keeps_destinations());
  for (std::size_t i = 0; i < totals::kinds; ++i) write_kind(out, book, i);
  out.end_object();
  return out.take();
}

std::string closed_json(const program::traffic_book& book) {
  json out;
  out.begin_object().member("destinations_kept", book.keeps_destinations()).key("streams").begin_array();
  for (const program::closed_stream& s : book.closed().all() | std::views::reverse) {
    out.begin_object().member("number", s.number).member("time", s.time).member("target", s.target);
    out.member("source", s.source).member("user", s.user).member("direct", s.direct);
    out.member("bytes_up", s.bytes_up).member("bytes_down", s.bytes_down);
    out.member("age_seconds", std::chrono::duration<double>(s.age).count()).member("ended", s.ended).end_object();
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace mtcp::status
