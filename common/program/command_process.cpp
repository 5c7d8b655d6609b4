#include "program/command_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "mtcp/net/platform/last_error.hpp"
#include "mtcp/net/platform/second_process.hpp"

namespace mtcp::program {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t max_request = 16 * 1024;

/// What is for the program alone: its options, some of which are secrets' places, and its service manager.
bool is_for_command(std::string_view variable) {
  return !variable.starts_with("MTCP_") && !variable.starts_with("NOTIFY_SOCKET=") &&
         !variable.starts_with("CREDENTIALS_DIRECTORY=") && !variable.starts_with("LISTEN_");
}

/// Strings in a row, each with a zero behind it; the first is empty, since a message of nothing would look like an end.
std::vector<char*> environment_with(std::array<char, max_request>& request, std::size_t size) {
  std::vector<char*> all;
  for (char** one = environ; *one != nullptr; ++one)
    if (is_for_command(*one)) all.push_back(*one);
  for (std::size_t at = 1; at < size; at += std::strlen(request.data() + at) + 1) all.push_back(request.data() + at);
  all.push_back(nullptr);
  return all;
}

/// As any program expects to be started, in a group of its own, and without the program's descriptors, which are closed
/// by themselves.
class spawn_manner {
 public:
  spawn_manner() {
    ::posix_spawnattr_init(&of_);
    ::posix_spawnattr_setflags(&of_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setpgroup(&of_, 0);
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&of_, &all);
    ::posix_spawnattr_setsigmask(&of_, &none);
  }
  spawn_manner(const spawn_manner&) = delete;
  spawn_manner& operator=(const spawn_manner&) = delete;
  ~spawn_manner() { ::posix_spawnattr_destroy(&of_); }
  const posix_spawnattr_t* get() const { return &of_; }

 private:
  posix_spawnattr_t of_{};
};

// ---- the second process ----

class runner {
 public:
  runner(int connection, command_process::options what) : connection_(connection), what_(std::move(what)) {}

  void serve() {
    if (!prepare()) return;
    std::array<char, max_request> request{};
    for (;;) {
      const ssize_t size =
          platform::uninterrupted([&] { return ::recv(connection_, request.data(), request.size() - 1, 0); });
      if (size <= 0) return;
      request.at(static_cast<std::size_t>(size)) = 0;
      const command_end end = run(environment_with(request, static_cast<std::size_t>(size)));
      platform::uninterrupted([&] { return ::send(connection_, &end, sizeof end, MSG_NOSIGNAL); });
    }
  }

 private:
  // The end of a child is waited for by its signal, which must not be lost.
  bool prepare() {
    ::sigemptyset(&child_);
    ::sigaddset(&child_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_, nullptr);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    try {
      if (what_.user) become(*what_.user, {});
    } catch (const boost::system::system_error&) {
      return false;  // the program finds the same fault, and tells of it
    }
    return true;
  }

  command_end run(std::vector<char*> environment) {
    command_end end;
    pid_t child = 0;
    std::array<char*, 2> arguments{what_.command.data(), nullptr};
    const spawn_manner manner;
    end.error =
        ::posix_spawn(&child, what_.command.c_str(), nullptr, manner.get(), arguments.data(), environment.data());
    if (end.error == 0) wait_for(child, end);
    return end;
  }

  void wait_for(pid_t child, command_end& end) {
    const auto until = steady_clock::now() + what_.patience;
    while (::waitpid(child, &end.status, WNOHANG) == 0) {
      const auto left = until - steady_clock::now();
      if (left <= steady_clock::duration::zero()) return stop(child, end);
      const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec pause{whole.count(), static_cast<long>(std::chrono::nanoseconds(left - whole).count())};
      ::sigtimedwait(&child_, nullptr, &pause);
    }
  }

  static void stop(pid_t child, command_end& end) {
    end.late = true;
    ::kill(-child, SIGKILL);
    platform::uninterrupted([&] { return ::waitpid(child, &end.status, 0); });
  }

  int connection_;
  command_process::options what_;
  sigset_t child_{};
};

}  // namespace

std::string in_words(const command_end& end) {
  if (end.error != 0) return "it cannot be run: " + std::string(std::strerror(end.error));
  if (end.late) return "it took too long, and was ended";
  if (WIFSIGNALED(end.status)) return "signal " + std::to_string(WTERMSIG(end.status)) + " ended it";
  return "it ended with " + std::to_string(WEXITSTATUS(end.status));
}

command_process::command_process(const options& what)
    : connection_(platform::start_second_process("mtcp-events", [&what](int connection) {
                    runner(connection, what).serve();
                  }).value()) {}

command_process::~command_process() { ::close(connection_); }

void command_process::run(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::string request(1, '\0');
  for (const auto& [name, value] : variables) {
    const std::string one = name + '=' + value.substr(0, value.find('\0'));
    if (request.size() + one.size() + 1 < max_request) request += one + '\0';
  }
  platform::uninterrupted([&] { return ::send(connection_, request.data(), request.size(), MSG_NOSIGNAL); });
}

command_end command_process::end() {
  command_end got;
  const ssize_t size = platform::uninterrupted([&] { return ::recv(connection_, &got, sizeof got, 0); });
  if (size != sizeof got) return {.error = EPIPE};
  return got;
}

}  // namespace mtcp::program
