#include "background_test.hpp"

#include <exception>
#include <utility>

#include "failure.hpp"
#include "program/process.hpp"
#include "status/json.hpp"
#include "text.hpp"
#include "top/text.hpp"

namespace mtcp::client::line {

background_test::background_test(asio::io_context& io, std::function<std::uint64_t()> carried)
    : io_(io), carried_(std::move(carried)), running_(io.get_executor(), program::report_failure) {}

bool background_test::start(std::vector<course_options> servers) {
  if (busy_ || stop_.asked()) return false;
  busy_ = true;
  doing_ = "connecting";
  error_.clear();
  result_.clear();
  text_.clear();
  has_head_ = false;
  running_.start(run(std::move(servers)));
  return true;
}

void background_test::stop() { stop_.ask(); }

task<> background_test::run(std::vector<course_options> servers) {
  try {
    co_await measure_all(std::move(servers));
  } catch (const std::exception& e) {  // out of memory or descriptors: the client goes on
    error_ = e.what();
  }
  busy_ = false;
  doing_.clear();
}

task<> background_test::measure_all(std::vector<course_options> servers) {
  constexpr std::uint64_t noticeable = 100;  // a hundredth of what the test itself has carried
  const std::uint64_t before = carried_();
  servers_audience told = listeners();
  const std::vector<server_report> all = co_await run_courses(io_, std::move(servers), stop_, std::move(told));
  if (error_of(all) || stop_.asked()) {
    error_ = trouble_of(all.front().result, all.front().name);
    co_return;
  }
  if (std::string best = quickest(all); !best.empty()) text_.push_back(std::move(best));
  std::uint64_t own = 0;
  for (const server_report& one : all) own += one.result.all.bytes;
  const std::uint64_t others = carried_() - before;
  if (others > own / noticeable)
    text_.push_back("Beside it: " + top::bytes(static_cast<double>(others)) +
                    " of other traffic: what was measured is what it left");
  result_ = to_json(all);
}

servers_audience background_test::listeners() {
  return {.of_each = {.doing = [this](const std::string& doing) { doing_ = doing; },
                      .done = [this](const std::string& what, const figures& got) { add_row(what, got); }},
          .begins =
              [this](const std::string& heading) {
                text_.push_back(heading);
                has_head_ = false;
              },
          .ended = [this](const server_report& one) { conclude(one); }};
}

void background_test::add_row(const std::string& what, const figures& got) {
  if (!std::exchange(has_head_, true)) text_.push_back(table_head());
  text_.push_back(table_row(what, got));
}

void background_test::conclude(const server_report& one) {
  if (one.result.error) {
    text_.push_back(trouble_of(one.result, one.name));
  } else {
    text_.emplace_back();
    for (std::string& line : conclusions(one.result.all, judge(one.result.all))) text_.push_back(std::move(line));
  }
  text_.emplace_back();
}

std::string background_test::report() const {
  status::json out;
  out.begin_object().member("running", busy_).member("doing", doing_);
  if (!error_.empty()) out.member("error", error_);
  out.key("text").begin_array();
  for (const std::string& one : text_) out.value(one);
  out.end_array();
  std::string text = out.end_object().take();
  if (!result_.empty()) text.insert(text.size() - 1, ",\"result\":" + result_);
  return text;
}

}  // namespace mtcp::client::line
