#include "servers.hpp"

#include <algorithm>
#include <utility>

#include "failure.hpp"
#include "text.hpp"
#include "top/text.hpp"

namespace mtcp::client::line {
namespace {

/// The most that was seen of it.
const figures* best_of(const report& all) {
  const figures* best = nullptr;
  const auto look = [&best](const figures& f) {
    if (best == nullptr || f.score() > best->score()) best = &f;
  };
  for (const figures& f : all.counts) look(f);
  for (const figures& f : all.together) look(f);
  for (const path_figures& p : all.paths)
    for (const auto* f : {&p.single, &p.alone})
      if (*f) look(**f);
  return best;
}

std::string rates_of(const figures& f) {
  std::string out;
  if (f.download) out = top::rate(f.download->rate) + " down";
  if (f.upload) out += (out.empty() ? "" : " and ") + top::rate(f.upload->rate) + " up";
  return out;
}

const server_report* quickest_of(const std::vector<server_report>& all) {
  const server_report* best = nullptr;
  std::size_t measured = 0;
  for (const server_report& one : all) {
    const figures* its = one.result.error ? nullptr : best_of(one.result.all);
    if (its == nullptr) continue;
    ++measured;
    if (best == nullptr || its->score() > best_of(best->result.all)->score()) best = &one;
  }
  return measured > 1 ? best : nullptr;
}

void write(status::json& out, const server_report& one, bool with_name) {
  out.begin_object();
  if (with_name) out.member("name", one.name);
  if (one.result.error) {
    out.member("error", trouble_of(one.result, one.name));
  } else {
    write_members(out, one.result.all, judge(one.result.all));
  }
  out.end_object();
}

}  // namespace

task<std::vector<server_report>> run_courses(asio::io_context& io, std::vector<course_options> servers,
                                             interruption& stop, servers_audience told) {
  std::vector<server_report> out;
  const std::size_t count = servers.size();
  for (course_options& one : servers) {
    server_report& is = out.emplace_back();
    is.name = one.server;
    if (count > 1)
      told.begins("Server " + std::to_string(out.size()) + " of " + std::to_string(count) + ": " + is.name);
    is.result = co_await run_course(io, std::move(one), stop, told.of_each);
    if (stop.asked()) break;
    told.ended(is);
  }
  co_return out;
}

std::string to_json(const std::vector<server_report>& all) {
  status::json out;
  if (all.size() == 1) {
    write(out, all.front(), false);
    return out.take();
  }
  out.begin_object().key("servers").begin_array();
  for (const server_report& one : all) write(out, one, true);
  out.end_array();
  if (const server_report* best = quickest_of(all)) out.member("quickest", best->name);
  return out.end_object().take();
}

std::string quickest(const std::vector<server_report>& all) {
  const server_report* best = quickest_of(all);
  return best == nullptr ? "" : "Quickest: " + best->name + ", with " + rates_of(*best_of(best->result.all));
}

error_code error_of(const std::vector<server_report>& all) {
  const auto works = [](const server_report& one) { return !one.result.error; };
  return all.empty() || std::ranges::any_of(all, works) ? error_code() : all.front().result.error;
}

}  // namespace mtcp::client::line
