#include "program/process.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "mtcp/key.hpp"
#include "mtcp/net/tls/aes.hpp"
#include "program/listen.hpp"
#include "program/message.hpp"
#include "program/notify.hpp"
#include "program/options.hpp"
#include "program/printable.hpp"

namespace mtcp::program {
namespace {

void set_limit(decltype(RLIMIT_CORE) which, rlim_t soft, rlim_t hard) {
  const rlimit wanted{soft, hard};
  setrlimit(which, &wanted);  // if it fails the process only has fewer descriptors
}

/// The text of a line as printable(): what peers name stands in it.
class text_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = printable({line.payload.data(), line.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<text_flag>(); }
};

int exit_code_of(const key_error& e) { return e.why() == key_error::kind::permissions ? EX_NOPERM : EX_CONFIG; }

void reload(const reactions& on) {
  notify("RELOADING=1");
  try {
    on.reload();
    spdlog::info("SIGHUP: settings read again");
  } catch (const std::exception& e) {
    spdlog::error("SIGHUP: {}; everything stays as it was", message_of(e));
  }
  notify("READY=1");
}

/// The next signal that asks for the end; 0 if there will be none.
task<int> next_end(signal_set& signals, const reactions& on) {
  for (;;) {
    const auto [error, number] = co_await signals.async_wait(use_result);
    if (error) co_return 0;
    if (number != SIGHUP) co_return number;
    reload(on);
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

task<> run_main_task(task<> main, signal_set& signals) {
  co_await std::move(main);
  signals.cancel();
}

}  // namespace

void start_log(const std::string& program, spdlog::level::level_enum level) {
  auto log = spdlog::stderr_color_mt(program);
  auto layout = std::make_unique<spdlog::pattern_formatter>();
  layout->add_flag<text_flag>('V').set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %V");
  log->set_formatter(std::move(layout));
  log->set_level(level);
  spdlog::set_default_logger(std::move(log));
}

void prepare_process() {
#ifndef __SANITIZE_ADDRESS__  // its leak check is a debugger of this process
  prctl(PR_SET_DUMPABLE, 0);
#endif
  set_limit(RLIMIT_CORE, 0, 0);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) set_limit(RLIMIT_NOFILE, files.rlim_max, files.rlim_max);
  std::signal(SIGPIPE, SIG_IGN);
}

void log_event(std::string_view text) { spdlog::debug("{}", text); }

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
    return main();
  } catch (const information& text) {
    std::fputs(text.text.c_str(), stdout);
    return EX_OK;
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
  spawn(io.get_executor(), run_main_task(std::move(main), signals));
  io.run();
}

}  // namespace mtcp::program
