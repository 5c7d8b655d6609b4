#include "program/process.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "mtcp/key.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "mtcp/net/tls/aes.hpp"
#include "mtcp/net/tls/cleansed_memory.hpp"
#include "program/listen.hpp"
#include "program/log.hpp"
#include "program/message.hpp"
#include "program/notify.hpp"
#include "program/options.hpp"

namespace mtcp::program {
namespace {

void set_limit(decltype(RLIMIT_CORE) which, rlim_t soft, rlim_t hard) {
  const rlimit wanted{soft, hard};
  setrlimit(which, &wanted);  // if it fails the process only has fewer descriptors
}

[[noreturn]] void throw_output_error(int why) {
  throw settings_error(EX_IOERR, "standard output: " + std::generic_category().message(why));
}

int main_or_information(const std::function<int()>& main) {
  try {
    return main();
  } catch (const information& text) {
    if (std::fputs(text.text.c_str(), stdout) == EOF) throw_output_error(errno);
    return EX_OK;
  }
}

/// Whatever was printed, a full disk shows here at the latest.
void flush_output() {
  const bool failed_before = std::ferror(stdout) != 0;  // and the reason has been told, or is not known any more
  if (std::fflush(stdout) != 0) throw_output_error(errno);
  if (failed_before) throw_output_error(EIO);
}

/// One of the first three that is closed would be the number of the next socket, and logs and keys be sent there. Its
/// place is taken by what fails, as a closed one does.
void occupy_standard_descriptors() {
  for (int which = STDIN_FILENO; which <= STDERR_FILENO; ++which) {
    const bool closed = ::fcntl(which, F_GETFD) < 0 && errno == EBADF;
    if (closed && ::open("/dev/null", which == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

int exit_code_of(const key_error& e) { return e.why() == key_error::kind::permissions ? EX_NOPERM : EX_CONFIG; }

/// The next signal that asks for the end; 0 if there will be none.
task<int> next_end(signal_set& signals, const reactions& on) {
  for (;;) {
    const auto [error, number] = co_await signals.async_wait(use_result);
    if (error) co_return 0;
    if (number != SIGHUP) co_return number;
    reload(on, "SIGHUP");
  }
}

task<> watch_signals(signal_set& signals, const reactions& on) {
  const int number = co_await next_end(signals, on);
  if (number == 0) co_return;
  spdlog::info("{}: draining, once more to end at once", number == SIGTERM ? "SIGTERM" : "SIGINT");
  notify("STOPPING=1");
  on.drain();
  timer limit(signals.get_executor(), grace + std::chrono::seconds(2));
  limit.async_wait([](error_code cancelled) {
    if (!cancelled) std::_Exit(EX_OK);
  });
  const reactions ended{[] {}, [] {}};
  if (const int second = co_await next_end(signals, ended); second != 0) std::_Exit(128 + second);
}

/// Has lines that were dropped told of, also if nothing else is logged. Costs nothing before there are any.
class loss_watch {
 public:
  explicit loss_watch(asio::io_context& io) : next_(io.get_executor()) {
    on_lost_lines([this, &io] { asio::post(io, [this] { wait(); }); });
  }
  loss_watch(const loss_watch&) = delete;
  loss_watch& operator=(const loss_watch&) = delete;
  ~loss_watch() { on_lost_lines({}); }

  void stop() {
    stopped_ = true;
    next_.cancel();
  }

 private:
  void wait() {
    if (stopped_) return;
    next_.expires_after(std::chrono::seconds(1));
    next_.async_wait([this](error_code cancelled) {
      if (!cancelled && !flush_log()) wait();
    });
  }

  timer next_;
  bool stopped_ = false;
};

task<> run_main_task(task<> main, signal_set& signals, loss_watch& log) {
  co_await std::move(main);
  signals.cancel();
  log.stop();
}

}  // namespace

void prepare_process() {
  cleanse_freed_secrets();
  occupy_standard_descriptors();
#ifndef __SANITIZE_ADDRESS__  // its leak check is a debugger of this process
  prctl(PR_SET_DUMPABLE, 0);
#endif
  set_limit(RLIMIT_CORE, 0, 0);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) set_limit(RLIMIT_NOFILE, files.rlim_max, files.rlim_max);
  std::signal(SIGPIPE, SIG_IGN);
}

std::string reload(const reactions& on, const std::string& by) {
  std::string trouble;
  notify("RELOADING=1");
  try {
    on.reload();
    for (const std::string& pipe : private_text::pipes())
      spdlog::info("{}: {} can be read once only; what it said at the start still holds", by, pipe);
    spdlog::info("{}: settings read again", by);
  } catch (const std::exception& e) {
    trouble = message_of(e);
    spdlog::error("{}: {}; everything stays as it was", by, trouble);
  }
  notify("READY=1");
  return trouble;
}

void log_event(event_weight weight, std::string_view text) {
  using spdlog::level::level_enum;
  static constexpr level_enum levels[] = {level_enum::debug, level_enum::warn, level_enum::info};  // in their order
  spdlog::log(levels[static_cast<std::size_t>(weight)], "{}", text);
}

bool logs_details() { return spdlog::should_log(spdlog::level::debug); }

std::chrono::milliseconds rest_of(const timer& running) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(running.expiry() - std::chrono::steady_clock::now());
}

void report_failure(const std::exception_ptr& escaped) {
  try {
    std::rethrow_exception(escaped);
  } catch (const std::exception& e) {
    spdlog::error("a connection ended: {}", message_of(e));
  }
}

int run_main(const std::string& program, const std::function<int()>& main) {
  const auto fail = [&](const std::exception& e, int code) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), message_of(e).c_str());
    return code;
  };
  try {
    const int code = main_or_information(main);
    flush_output();
    return code;
  } catch (const settings_error& e) {
    return fail(e, e.code());
  } catch (const key_error& e) {
    return fail(e, exit_code_of(e));
  } catch (const boost::system::system_error& e) {
    return fail(e, exit_code_of(e));
  } catch (const std::exception& e) {
    return fail(e, EX_SOFTWARE);
  }
}

signal_set stop_signals(asio::io_context& io) { return signal_set(io.get_executor(), SIGTERM, SIGINT, SIGHUP); }

void run_until_drained(asio::io_context& io, signal_set& signals, task<> main, reactions on) {
  spdlog::info("AES-128-GCM: {}", aes_in_use());
  notify("READY=1");
  spawn(io.get_executor(), watch_signals(signals, on));
  loss_watch log(io);
  spawn(io.get_executor(), run_main_task(std::move(main), signals, log));
  io.run();
}

}  // namespace mtcp::program
