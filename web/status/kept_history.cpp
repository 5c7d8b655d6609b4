#include "status/kept_history.hpp"

#include <sysexits.h>

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "program/options.hpp"
#include "status/json.hpp"

namespace mtcp::status {
namespace {

// A program that is killed forgets no more than this. It is long because all of the file is written each time, 100 KiB
// and more a path, and flash memory wears out.
constexpr double save_interval = 900;  // seconds

constexpr std::size_t first_kept = 1;  // of history_spans: what an hour has is soon over

// A step's figures in the order of the file, which has whole numbers only: bytes, and thousandths of seconds and of ms.
constexpr std::pair<float path_step::*, float> figures[] = {
    {&path_step::seconds, 1000.F},          {&path_step::bytes_up, 1.F},   {&path_step::bytes_down, 1.F},
    {&path_step::retransmitted_bytes, 1.F}, {&path_step::in_flight, 1.F},  {&path_step::rtt, 1000.F},
    {&path_step::rtt_seconds, 1000.F},      {&path_step::rtt_most, 1000.F}};

void write(json& out, const step_ring& ring) {
  out.begin_array();
  ring.for_each([&out](std::int64_t step, const path_step& one) {
    out.begin_array().value(step);
    for (const auto& [figure, scale] : figures) out.value(std::llround(one.*figure * scale));
    out.end_array();
  });
  out.end_array();
}

void write(json& out, const std::string& name, bool others, const path_past& past) {
  out.begin_object().member("path", name).member("others", others);
  for (std::size_t span = first_kept; span < history_spans.size(); ++span)
    write(out.key(history_spans[span].name), past.of(span));
  out.end_object();
}

/// A step, a time or a figure.
double number_in(const nlohmann::json& value) {
  constexpr double most = 1e15;  // more bytes than any line carries in an hour
  const auto number = value.get<double>();
  if (!(number >= 0 && number <= most)) throw std::invalid_argument("no number of a history: " + value.dump());
  return number;
}

path_step step_in(const nlohmann::json& row) {
  path_step one;
  std::size_t column = 1;
  for (const auto& [figure, scale] : figures) one.*figure = static_cast<float>(number_in(row.at(column++))) / scale;
  return one;
}

path_past past_in(const nlohmann::json& path) {
  path_past past;
  for (std::size_t span = first_kept; span < history_spans.size(); ++span)
    for (const auto& row : path.at(std::string(history_spans[span].name)))
      past.restore(span, static_cast<std::int64_t>(number_in(row.at(0))), step_in(row));
  return past;
}

}  // namespace

std::string to_text(const path_history& history) {
  json out;
  out.begin_object().member("version", 1).member("until", history.until()).key("paths").begin_array();
  for (const auto& [name, past] : history.paths()) write(out, name, false, past);
  if (history.others() != nullptr) write(out, "", true, *history.others());
  out.end_array().end_object();
  return out.take();
}

path_history history_in(std::string_view text) {
  path_history history;
  try {
    const auto all = nlohmann::json::parse(text);
    if (all.at("version") != 1) throw std::invalid_argument("another version of the program wrote it");
    for (const auto& path : all.at("paths"))
      history.restore(path.at("path"), path.at("others"), past_in(path), number_in(all.at("until")));
  } catch (const nlohmann::json::exception& e) {
    throw std::invalid_argument(e.what());
  }
  return history;
}

kept_history::kept_history(std::shared_ptr<const program::state_dir> directory) : directory_(std::move(directory)) {
  if (directory_) file_.emplace(*directory_, "history.json", "the history of the paths ends with the program");
}

path_history kept_history::read() const {
  const auto text = file_ ? file_->read() : std::nullopt;
  try {
    return text ? history_in(*text) : path_history{};
  } catch (const std::invalid_argument& e) {
    throw program::settings_error(EX_CONFIG, file_->place() + ": " + e.what());
  }
}

void kept_history::save_meanwhile(const path_history& history) {
  if (!file_ || file_->is_busy()) return;
  if (!due_) due_ = history.until() + save_interval;
  const double left = *due_ - history.until();
  if (left > 0 && left <= save_interval) return;  // more is left where the clock was set back
  due_ = history.until() + save_interval;
  saved_ = history.until();
  file_->replace_meanwhile(to_text(history));
}

void kept_history::save(const path_history& history) {
  if (!file_ || history.until() == saved_) return;
  saved_ = history.until();
  file_->replace(to_text(history));
}

}  // namespace mtcp::status
