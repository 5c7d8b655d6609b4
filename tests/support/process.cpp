#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace mtcp::lab {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct pipe_ends {
  int read;
  int write;
};

pipe_ends make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  return {ends[0], ends[1]};
}

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* arguments, int standard_output, int standard_error) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);  // Ctrl-C is for the parent, which ends its children in order
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(standard_output, STDOUT_FILENO);
  dup2(standard_error, STDERR_FILENO);
  close_range(3, ~0U, 0);  // Asio's sockets are not close-on-exec: a copy in a child would keep a closed one alive
  execvp(arguments[0], arguments);
  _exit(127);
}

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

bool wait_readable(int descriptor, std::chrono::milliseconds timeout) {
  pollfd watched{descriptor, POLLIN, 0};
  return poll(&watched, 1, static_cast<int>(timeout.count())) == 1;
}

/// Appends what can be read; false at the end.
bool read_some(int descriptor, std::string& to) {
  std::array<char, 16384> buffer;
  const ssize_t size = read(descriptor, buffer.data(), buffer.size());
  if (size > 0) to.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

void move_lines(std::string& text, std::vector<std::string>& lines) {
  for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
    lines.push_back(text.substr(0, end));
}

}  // namespace

process::process(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pipe_ends standard = make_pipe();
  const pipe_ends errors = make_pipe();
  id_ = fork();
  if (id_ < 0) fail("fork");
  if (id_ == 0) become(argv.data(), standard.write, errors.write);
  close(standard.write);
  close(errors.write);
  reader_ = std::thread([this, standard, errors] { read_output(standard.read, errors.read); });
}

process::~process() {
  if (running_) {
    send_signal(SIGKILL);
    wait();
  }
  reader_.join();
}

void process::read_output(int standard, int errors) {
  std::array<pollfd, 2> open{pollfd{standard, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  std::string partial;
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    if (poll(open.data(), open.size(), -1) < 0) continue;
    for (auto& p : open) {
      if (p.fd < 0 || p.revents == 0) continue;
      std::string text;
      if (!read_some(p.fd, text)) p.fd = -1;
      if (p.fd == errors) partial += text;
      output_.update([&](output& o) {
        if (p.fd == errors) {
          move_lines(partial, o.errors);
        } else {
          o.standard += text;
        }
      });
    }
  }
  close(standard);
  close(errors);
  output_.update([&](output& o) {
    if (!partial.empty()) o.errors.push_back(partial);
    o.ended = true;
  });
}

std::vector<std::string> process::expect(const std::string& pattern, std::chrono::seconds timeout, std::size_t first) {
  const std::regex wanted(pattern);
  std::vector<std::string> groups;
  const auto found = [&](const output& o) {
    for (; first < o.errors.size() && groups.empty(); ++first) {
      std::smatch match;
      if (std::regex_search(o.errors[first], match, wanted)) groups.assign(match.begin(), match.end());
    }
    return !groups.empty() || o.ended;
  };
  output_.wait(found, timeout);
  if (groups.empty()) throw std::runtime_error("no line matched '" + pattern + "' in:\n" + standard_error());
  return groups;
}

std::string process::standard_error() const {
  std::string text;
  for (const auto& line : output_.get().errors) text += line + '\n';
  return text;
}

void process::send_signal(int number) const {
  if (running_) kill(id_, number);
}

ending process::wait(std::chrono::milliseconds timeout) {
  if (!running_) return ending_;
  // By number: the declaration in glibc 2.36 is not for C++.
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, id_, 0));
  if (handle < 0) fail("pidfd_open");
  ending_.timed_out = !wait_readable(handle, timeout);
  close(handle);
  if (ending_.timed_out) send_signal(SIGKILL);
  int status = 0;
  rusage used{};
  if (wait4(id_, &status, 0, &used) != id_) fail("wait4");
  running_ = false;
  if (WIFEXITED(status)) ending_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending_.signal = WTERMSIG(status);
  ending_.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  output_.wait([](const output& o) { return o.ended; }, std::chrono::seconds{5});
  return ending_;
}

ending process::terminate(std::chrono::milliseconds timeout) {
  send_signal(SIGTERM);
  return wait(timeout);
}

std::size_t process::peak_memory() const {
  std::ifstream status("/proc/" + std::to_string(id_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6)) * 1024;
  throw std::runtime_error("the process is gone");
}

double process::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(id_) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // Fields 14 and 15 (utime, stime), counted behind the name, which may hold anything (proc(5)).
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

run_result run(const std::vector<std::string>& arguments, std::chrono::milliseconds timeout) {
  process p(arguments);
  const ending end = p.wait(timeout);
  return {end, p.standard_output(), p.standard_error()};
}

bool installed(const std::string& program) { return run({"sh", "-c", "command -v " + program}).end.exit_code == 0; }

}  // namespace mtcp::lab
