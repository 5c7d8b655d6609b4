#include "support/pseudo_terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace mtcp::lab {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{20};

// Between fork and exec. The child is alone in its process: putenv is safe enough, the parent has one thread here.
[[noreturn]] void become(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
                         int terminal) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  login_tty(terminal);
  close_range(3, ~0U, 0);
  for (const std::string& v : variables) putenv(const_cast<char*>(v.c_str()));
  std::vector<char*> words;
  for (const std::string& a : arguments) words.push_back(const_cast<char*>(a.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  _exit(127);
}

}  // namespace

pseudo_terminal::pseudo_terminal(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
                                 unsigned short columns, unsigned short rows) {
  const winsize size{rows, columns, 0, 0};
  if (openpty(&master_, &slave_, nullptr, nullptr, &size) != 0)
    throw std::system_error(errno, std::generic_category(), "openpty");
  id_ = fork();
  if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (id_ == 0) become(arguments, variables, slave_);
}

pseudo_terminal::~pseudo_terminal() {
  if (running_) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  close(slave_);
  close(master_);
}

bool pseudo_terminal::read_some(clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  pollfd input{master_, POLLIN, 0};
  if (poll(&input, 1, static_cast<int>(std::clamp<decltype(left)>(left, 0, 100))) != 1) return false;
  char some[4096];
  const ssize_t size = read(master_, some, sizeof some);
  if (size > 0) text_.append(some, static_cast<std::size_t>(size));
  return size > 0;
}

const std::string& pseudo_terminal::read_until(const std::string& text, std::size_t from) {
  const auto end = clock::now() + patience;
  while (text_.find(text, from) == std::string::npos && clock::now() < end) read_some(end);
  return text_;
}

void pseudo_terminal::type(const std::string& keys) {
  if (write(master_, keys.data(), keys.size()) < 0) throw std::system_error(errno, std::generic_category(), "write");
}

void pseudo_terminal::resize(unsigned short columns, unsigned short rows) {
  const winsize size{rows, columns, 0, 0};
  ioctl(master_, TIOCSWINSZ, &size);
}

bool pseudo_terminal::is_cooked() const {
  termios now{};
  tcgetattr(slave_, &now);
  return (now.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO) && (fcntl(slave_, F_GETFL) & O_NONBLOCK) == 0;
}

int pseudo_terminal::wait() {
  const auto end = clock::now() + patience;
  int status = 0;
  while (waitpid(id_, &status, WNOHANG) == 0) {
    if (clock::now() > end) kill(id_, SIGKILL);
    read_some(end);
  }
  running_ = false;
  while (read_some(clock::now())) {
  }
  return status;
}

bool pseudo_terminal::wait_stopped() const {
  int status = 0;
  for (const auto end = clock::now() + patience; clock::now() < end; usleep(1'000))
    if (waitpid(id_, &status, WNOHANG | WUNTRACED) == id_) return WIFSTOPPED(status);
  return false;
}

}  // namespace mtcp::lab
