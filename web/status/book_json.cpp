#include "status/book_json.hpp"

#include <chrono>
#include <ranges>

#include "status/json.hpp"

namespace mtcp::status {
namespace {

using program::totals;

constexpr const char* keys[totals::kinds] = {"destinations", "sources", "users",
                                             "paths"};  // in the order of the enumerators

bool counts(role which, totals::kind what) { return which == role::client || what == totals::kind::user; }

void write_amount(json& out, const char* name, const program::amount& carried) {
  out.key(name).begin_object().member("bytes_up", carried.up).member("bytes_down", carried.down).end_object();
}

void write_kind(json& out, const program::traffic_book& book, totals::kind what) {
  out.key(keys[static_cast<std::size_t>(what)]).begin_array();
  for (const totals::row& row : book.all().rows(what, book.today())) {
    out.begin_object().member("name", row.name);
    write_amount(out, "today", row.today);
    write_amount(out, "week", row.week);
    write_amount(out, "month", row.month);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

std::string totals_json(const program::traffic_book& book, role which) {
  json out;
  out.begin_object().member("today", program::to_text(book.today()));
  out.member("destinations_kept", book.keeps_destinations());
  for (std::size_t i = 0; i < totals::kinds; ++i)
    if (const auto what = static_cast<totals::kind>(i); counts(which, what)) write_kind(out, book, what);
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
