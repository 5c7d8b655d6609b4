#include "audit_log.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include "mtcp/net/platform/file_opening.hpp"
#include "program/options.hpp"
#include "status/json.hpp"

namespace mtcp::server {
namespace {

/// RFC 3339, in UTC, with milliseconds.
std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const auto whole = std::chrono::floor<std::chrono::seconds>(now);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto thousandths = std::chrono::duration_cast<std::chrono::milliseconds>(now - whole).count();
  const std::string digits = std::to_string(1000 + thousandths);
  return std::string(text, size) + '.' + digits.substr(1) + 'Z';
}

double seconds(std::chrono::nanoseconds t) { return std::chrono::duration<double>(t).count(); }

}  // namespace

void audit_log::open(const std::string& path) {
  int file = -1;
  if (!path.empty()) {
    const auto opened = platform::open_file(path, platform::file_use::append);
    if (!opened) throw program::settings_error(EX_CANTCREAT, "--audit-log " + path + ": " + opened.error().message());
    file = *opened;
  }
  const std::lock_guard lock(mutex_);
  close();
  file_ = file;
  path_ = path;
  broken_line_ = false;
}

void audit_log::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

bool audit_log::is_on() const {
  const std::lock_guard lock(mutex_);
  return file_ >= 0;
}

void audit_log::write(const record& what) {
  if (!is_on()) return;
  status::json out;
  out.begin_object().member("time", utc_now()).member("event", what.event).member("user", what.user);
  out.member("key", to_string(what.key)).member("session", what.session).member("from", what.from);
  if (!what.to.empty()) out.member("to", what.to);
  if (!what.destinations.empty()) {
    out.key("destinations").begin_array();
    for (const std::string& one : what.destinations) out.value(one);
    out.end_array();
  }
  if (!what.address.empty()) out.member("address", what.address);
  out.member("bytes_up", what.bytes_up).member("bytes_down", what.bytes_down);
  out.member("seconds", seconds(what.lasted)).member("ended", what.ended).end_object();
  append(out.take() + '\n');
}

void audit_log::write(std::string_view event, std::string_view user, std::string_view session, std::string_view from) {
  if (!is_on()) return;
  status::json out;
  out.begin_object().member("time", utc_now()).member("event", event).member("user", user);
  out.member("session", session).member("from", from).end_object();
  append(out.take() + '\n');
}

// A line that was taken in part is ended before the next one, so that each of the others can be read.
void audit_log::append(std::string line) {
  const std::lock_guard lock(mutex_);
  if (file_ < 0) return;
  if (broken_line_) line.insert(line.begin(), '\n');
  const ssize_t taken = ::write(file_, line.data(), line.size());
  if (taken == static_cast<ssize_t>(line.size())) {
    broken_line_ = false;
    if (lost_ != 0)
      spdlog::warn("--audit-log {}: lines are taken again; {} are missing", path_, std::exchange(lost_, 0));
    return;
  }
  const std::string why = taken < 0 ? std::generic_category().message(errno) : "no room";
  broken_line_ = broken_line_ || taken > 0;
  if (lost_++ == 0) spdlog::error("--audit-log {}: {}; lines are missing from here on", path_, why);
}

}  // namespace mtcp::server
