#include "mtcp/net/key_ring.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace mtcp {

namespace {

constexpr std::size_t max_file_size = 1 << 20;
constexpr std::size_t max_user_size = 64;

// The content of a key file, wiped when it goes: allocated once, so that no copy stays behind.
class file_text {
 public:
  file_text() : bytes_(std::make_unique<char[]>(max_file_size)) {}
  ~file_text() { OPENSSL_cleanse(bytes_.get(), size_); }
  file_text(const file_text&) = delete;
  file_text& operator=(const file_text&) = delete;

  char* free_space() noexcept { return bytes_.get() + size_; }
  std::size_t free_size() const noexcept { return max_file_size - size_; }
  void commit(std::size_t n) noexcept { size_ += n; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void unreadable(const std::string& path, int error) {
  throw key_error(key_error::kind::unreadable, path + ": " + std::generic_category().message(error));
}

// Checked on the open file, so that it cannot be exchanged in between.
void check_permissions(const std::string& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) unreadable(path, errno);
  if (!S_ISREG(info.st_mode)) throw key_error(key_error::kind::unreadable, path + ": not a regular file");
  if ((info.st_mode & 077) != 0) {
    throw key_error(key_error::kind::permissions,
                    path + ": others than its owner have access to this key file; run: chmod 600 " + path);
  }
}

void read_all(const std::string& path, int fd, file_text& text) {
  while (text.free_size() > 0) {
    const ssize_t n = ::read(fd, text.free_space(), text.free_size());
    if (n == 0) return;
    if (n < 0 && errno != EINTR) unreadable(path, errno);
    if (n > 0) text.commit(static_cast<std::size_t>(n));
  }
  throw key_error(key_error::kind::malformed, path + ": too large for a key file");
}

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_user_name(std::string_view name) noexcept {
  return name.size() <= max_user_size &&
         std::ranges::none_of(name, [](char c) { return (c >= 0 && c < 32) || c == 127; });
}

// A line without its comment and without spaces around.
key parse_entry(std::string_view line) {
  const auto end = std::ranges::find_if(line, is_space);
  const auto key_size = static_cast<std::size_t>(end - line.begin());
  key parsed = key::parse(line.substr(0, key_size));
  const std::string_view user = trim(line.substr(key_size));
  if (!is_user_name(user)) {
    throw key_error(key_error::kind::malformed, "the user name has control characters or over 64 bytes");
  }
  parsed.set_user(std::string(user));
  return parsed;
}

void add_line(key_ring& keys, std::string_view line) {
  const std::string_view entry = trim(line.substr(0, line.find('#')));
  if (!entry.empty() && !keys.add(parse_entry(entry))) {
    throw key_error(key_error::kind::malformed, "this key is in the file already");
  }
}

key_ring parse_file(const std::string& path, std::string_view text) {
  key_ring keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    try {
      add_line(keys, line);
    } catch (const key_error& e) {
      throw key_error(e.why(), path + ":" + std::to_string(number) + ": " + e.what());
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  if (keys.empty()) throw key_error(key_error::kind::malformed, path + ": there is no key in it");
  return keys;
}

}  // namespace

bool key_ring::add(key added) {
  if (find(added.id())) return false;
  entries_.push_back(std::make_shared<const key>(std::move(added)));
  return true;
}

key_ring::entry key_ring::find(const key_id& id) const {
  const auto found = std::ranges::find_if(entries_, [&id](const entry& e) { return e->id() == id; });
  return found == entries_.end() ? nullptr : *found;
}

key_ring load_key_file(const std::string& path) {
  // Non-blocking, so that a named pipe is refused instead of waited for.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) unreadable(path, errno);
  check_permissions(path, file.get());
  file_text text;
  read_all(path, file.get(), text);
  return parse_file(path, text.view());
}

}  // namespace mtcp
