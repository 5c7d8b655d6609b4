#include "top/top.hpp"

#include <sysexits.h>

#include <unistd.h>
#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "status/ask.hpp"
#include "top/terminal.hpp"

namespace mtcp::top {
namespace {

constexpr std::chrono::seconds interval{1};

/// The last picture, and why it is not the present state, if so.
struct news {
  view latest{};
  std::string trouble = "no answer yet";
};

task<> look(status::endpoint_to_ask where, news& into) {
  status::response said;
  const error_code error = co_await status::ask(std::move(where), "/api/stats", said);
  auto got = error ? std::nullopt : parse_view(said.body());
  into.trouble = error ? error.message() : got ? "" : "what answers there is not mtcp";
  if (got) into.latest = std::move(*got);
}

/// A running `top`: pictures, keys and signals, until one of them ends it.
class session {
 public:
  session(asio::io_context& io, const status::setting& s)
      : io_(io),
        where_(status::place_to_ask(s)),
        name_(status::name_of_place(s)),
        next_(io.get_executor()),
        signals_(io.get_executor()),
        keys_(io.get_executor()) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) signals_.add(number);
  }

  int run() {
    screen_.enter();
    paint();
    spawn(io_.get_executor(), watch());
    await_signal();
    if (const int copy = dup(screen_.keys()); copy >= 0) {
      keys_.assign(copy);
      await_key();
    }
    io_.run();
    screen_.leave();
    return code_;
  }

 private:
  task<> watch() {
    for (;;) {
      co_await look(where_, news_);
      paint();
      next_.expires_after(interval);
      co_await next_.async_wait(use_result);
    }
  }

  void paint() {
    const std::string notice =
        news_.trouble.empty() ? "" : name_ + ": " + news_.trouble + (news_.latest.role.empty() ? "" : "; last figures");
    if (news_.latest.role.empty()) return screen_.show({"mtcp", notice});
    screen_.show(draw(news_.latest, notice, terminal::look()));
  }

  void await_signal() {
    signals_.async_wait([this](error_code error, int number) {
      if (error) return;
      if (number == SIGTSTP)
        suspend();
      else if (number == SIGWINCH)
        paint();
      else
        return end(number == SIGINT ? 0 : 128 + number);
      await_signal();
    });
  }

  void await_key() {
    keys_.async_wait(keys_.wait_read, [this](error_code error) {
      if (error) return;
      const std::string typed = screen_.typed();
      if (typed.find_first_of("qQ") != std::string::npos) return end(0);
      if (!typed.empty()) await_key();  // else the terminal is gone
    });
  }

  // The shell needs the terminal in its usual mode while this process is stopped.
  void suspend() {
    screen_.leave();
    std::raise(SIGSTOP);
    screen_.enter();
    paint();
  }

  // Takes effect at once, also while an answer is awaited.
  void end(int code) {
    code_ = code;
    io_.stop();
  }

  asio::io_context& io_;
  status::endpoint_to_ask where_;
  std::string name_;
  news news_;
  terminal screen_;
  timer next_;
  asio::basic_signal_set<executor> signals_;
  asio::posix::basic_stream_descriptor<executor> keys_;
  int code_ = 0;
};

int print_once(asio::io_context& io, const status::setting& s) {
  news got;
  spawn(io.get_executor(), look(status::place_to_ask(s), got));
  io.run();
  if (!got.trouble.empty()) {
    std::fprintf(stderr, "%s: %s\n", status::name_of_place(s).c_str(), got.trouble.c_str());
    return 1;
  }
  for (const std::string& line : draw(got.latest, "", terminal::look())) std::puts(line.c_str());
  return 0;
}

}  // namespace

program::command top_command() {
  return {"top",
          "show what a running program, at --control or --status, is doing",
          {{"once", "", "print one picture and end; needs no terminal", program::option::arity::flag}}};
}

int run_top(const status::setting& s, bool once) {
  if (s.where.empty() && s.control.empty())
    throw program::settings_error(EX_USAGE, "--status none: there is no endpoint to look at");
  if (!once && !terminal::is_there()) throw program::settings_error(EX_USAGE, "top needs a terminal, or --once");
  std::setlocale(LC_CTYPE, "");
  asio::io_context io(1);
  if (once) return print_once(io, s);
  session shown(io, s);
  return shown.run();
}

}  // namespace mtcp::top
