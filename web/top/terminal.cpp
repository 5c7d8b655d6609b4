#include "top/terminal.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace mtcp::top {
namespace {

// Another screen (xterm's 1049), no cursor, lines that are too long end at the margin.
constexpr std::string_view take_over = "\033[?1049h\033[?25l\033[?7l";
constexpr std::string_view give_back = "\033[?7h\033[?25h\033[?1049l";

// A terminal that is gone is no error here: the caller is about to get SIGHUP.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno != EINTR) return;
    if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
  }
}

std::size_t number_from(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  const long number = text != nullptr ? std::strtol(text, nullptr, 10) : 0;
  return number > 0 && number < 10'000 ? static_cast<std::size_t>(number) : otherwise;
}

bool is_set(const char* variable) {
  const char* text = std::getenv(variable);
  return text != nullptr && *text != '\0';
}

}  // namespace

// The terminal is opened anew: making standard input non-blocking would do so for the shell too, and standard input may
// not be the terminal.
terminal::terminal() : keys_(open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {}

terminal::~terminal() {
  leave();
  if (keys_ >= 0) close(keys_);
}

bool terminal::is_there() { return isatty(STDOUT_FILENO) == 1; }

style terminal::look() {
  style how;
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 && size.ws_row != 0;
  how.columns = known ? size.ws_col : number_from("COLUMNS", 80);
  how.rows = known ? size.ws_row : number_from("LINES", 24);
  const char* name = std::getenv("TERM");
  how.colour = is_there() && !is_set("NO_COLOR") && name != nullptr && std::strcmp(name, "dumb") != 0;
  how.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  return how;
}

void terminal::enter() {
  if (std::exchange(entered_, true)) return;
  termios now{};
  if (keys_ >= 0 && tcgetattr(keys_, &now) == 0) {
    before_ = now;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(keys_, TCSADRAIN, &now);
  }
  put(take_over);
}

void terminal::leave() {
  if (!std::exchange(entered_, false)) return;
  put(give_back);
  if (before_) tcsetattr(keys_, TCSADRAIN, &*before_);
}

void terminal::show(const std::vector<std::string>& lines) {
  std::string all = "\033[H";
  for (std::size_t i = 0; i < lines.size(); ++i) all += (i == 0 ? "" : "\r\n") + lines[i] + "\033[K";
  put(all + "\033[J");
}

std::string terminal::typed() {
  std::string keys;
  char some[64];
  for (ssize_t size; (size = read(keys_, some, sizeof some)) > 0;) keys.append(some, static_cast<std::size_t>(size));
  return keys;
}

}  // namespace mtcp::top
