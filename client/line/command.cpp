#include "command.hpp"

#include <sysexits.h>

#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../settings.hpp"
#include "../tunnel_of.hpp"
#include "failure.hpp"
#include "mtcp/refusal.hpp"
#include "program/parse.hpp"
#include "program/printable.hpp"
#include "program/process.hpp"
#include "servers.hpp"
#include "text.hpp"

namespace mtcp::client {
namespace {

/// One line at the bottom of a terminal that says what is being done; nothing where there is none.
class progress_line {
 public:
  progress_line() : shown_(isatty(STDERR_FILENO) == 1 && can_go_back()) {}
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line() { clear(); }

  void show(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || text == last_ || (!last_.empty() && now - at_ < pace)) return;
    at_ = now;
    std::fprintf(stderr, "\r\033[K%s", program::printable(text).c_str());
    last_ = text;
  }
  void clear() {
    if (shown_ && !last_.empty()) std::fputs("\r\033[K", stderr);
    last_.clear();
  }

 private:
  static constexpr std::chrono::milliseconds pace{200};

  static bool can_go_back() {
    const char* terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb";
  }

  bool shown_;
  std::string last_;
  std::chrono::steady_clock::time_point at_{};
};

void print(const std::string& line) {
  std::puts(program::printable(line).c_str());
  std::fflush(stdout);
}

int code_of(const error_code& error) {
  return refusal_of(error) || error == errc::tunnel_down ? EX_UNAVAILABLE : EX_SOFTWARE;
}

task<> measure_all(asio::io_context& io, std::vector<line::course_options> servers, line::interruption& stop,
                   line::servers_audience told, asio::basic_signal_set<executor>& signals,
                   std::vector<line::server_report>& all) {
  all = co_await line::run_courses(io, std::move(servers), stop, std::move(told));
  signals.cancel();
}

/// Prints while it comes, unless there is to be JSON.
class printer {
 public:
  explicit printer(const test_request& asked) : asked_(asked) {}

  line::servers_audience audience() {
    return {.of_each = {.doing = [this](const std::string& doing) { bottom_.show(doing); },
                        .done = [this](const std::string& what, const line::figures& got) { row(what, got); }},
            .begins = [this](const std::string& heading) { begin(heading); },
            .ended = [this](const line::server_report& one) { end(one); }};
  }
  void say(const std::string& text) {
    bottom_.clear();
    if (!asked_.json) print(text);
  }
  void clear() { bottom_.clear(); }

 private:
  void begin(const std::string& heading) {
    if (!std::exchange(introduced_, true)) introduce();
    say(heading);
    has_head_ = false;
  }
  void introduce() {
    say("Each way is measured for about " + std::to_string(asked_.seconds) +
        " s. One bridge is one TCP connection: it stands for a plain one.");
    say("");
  }
  void row(const std::string& what, const line::figures& got) {
    if (!std::exchange(introduced_, true)) introduce();
    if (!std::exchange(has_head_, true)) say(line::table_head());
    say(line::table_row(what, got));
  }
  void end(const line::server_report& one) {
    bottom_.clear();
    if (one.result.error) {
      const std::string why = line::trouble_of(one.result, one.name);
      std::fprintf(stderr, "mtcp-client: %s\n", program::printable(why).c_str());
      return;
    }
    say("");
    for (const std::string& text : line::conclusions(one.result.all, line::judge(one.result.all))) say(text);
    say("");
  }

  test_request asked_;
  progress_line bottom_;
  bool introduced_ = false, has_head_ = false;
};

unsigned parse_seconds(const std::string& text) { return program::parse_number(text, 1, 30); }

}  // namespace

program::command test_command() {
  return {"test",
          "measure whether mtcp helps here, with how many bridges and over which paths; needs no other server",
          {{"seconds", "N", "time for each measurement, 1 to 30 (3)"},
           {"json", "", "print one JSON object, for programs", program::option::arity::flag}},
          {"key-file", "url-file", "server", "bind", "path", "connect-wait", "config"}};
}

test_request test_request_of(const program::values& given) {
  return {given.one("seconds", parse_seconds).value_or(test_request{}.seconds), given.flag("json")};
}

int run_test(const settings& s, std::vector<key> secrets) {
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  line::interruption stop;
  int signal = 0;
  signals.async_wait([&](error_code cancelled, int number) {
    if (cancelled) return;
    signal = number;
    stop.ask();
  });
  std::vector<line::course_options> servers;
  for (const tunnel_settings* one : s.all_tunnels())
    servers.push_back({name_of(*one), tunnel_options_of(s, *one, std::move(secrets.at(servers.size()))),
                       static_cast<double>(s.test.seconds)});
  printer out(s.test);
  std::vector<line::server_report> all;
  spawn(io.get_executor(), measure_all(io, std::move(servers), stop, out.audience(), signals, all));
  io.run();
  out.clear();
  if (signal != 0) return 128 + signal;
  if (s.test.json) print(line::to_json(all));
  if (const std::string best = line::quickest(all); !best.empty()) out.say(best);
  const error_code failed = line::error_of(all);
  return failed ? code_of(failed) : EX_OK;
}

}  // namespace mtcp::client
