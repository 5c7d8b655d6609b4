#include "mtcp/net/platform/private_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <system_error>

#include "mtcp/key.hpp"
#include "mtcp/net/platform/descriptor.hpp"
#include "mtcp/net/platform/file_opening.hpp"

#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

namespace mtcp {

struct detail::file_content {
  explicit file_content(std::size_t limit) : max_size(limit), bytes(new char[limit]) {}
  file_content(const file_content&) = delete;
  file_content& operator=(const file_content&) = delete;
  ~file_content() { OPENSSL_cleanse(bytes.get(), size); }

  const std::size_t max_size;
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  std::size_t begin = 0;  // of the text, behind a byte order mark
};

namespace {

using detail::file_content;
using content_ref = std::shared_ptr<const file_content>;

[[noreturn]] void unreadable(const std::string& path, int error) {
  throw key_error(key_error::kind::unreadable, path + ": cannot be read: " + std::generic_category().message(error));
}

// One without a name in any directory: who has its descriptor was given it.
bool is_unnamed_pipe([[maybe_unused]] int fd, [[maybe_unused]] const struct stat& info) {
#ifdef __linux__
  struct statfs where {};
  return S_ISFIFO(info.st_mode) && ::fstatfs(fd, &where) == 0 && where.f_type == PIPEFS_MAGIC;
#else
  return false;
#endif
}

// Checked on the open file, so that it cannot be exchanged in between. True if it is a pipe.
bool check_kind(const std::string& path, int fd, private_text::readers who) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) unreadable(path, errno);
  if (S_ISDIR(info.st_mode)) unreadable(path, EISDIR);
  const bool is_pipe = is_unnamed_pipe(fd, info);
  if (!is_pipe && !S_ISREG(info.st_mode)) throw key_error(key_error::kind::unreadable, path + ": not a regular file");
  const bool is_lent = info.st_uid == 0 && ::geteuid() != 0;
  if (who == private_text::readers::owner && (info.st_mode & (is_lent ? 037 : 077)) != 0) {
    throw key_error(key_error::kind::permissions,
                    path + ": others than its owner have access to this file; run: chmod 600 " + path);
  }
  return is_pipe;
}

/// What pipes said, by name.
struct memory {
  std::mutex guard;
  std::map<std::string, content_ref> by_name;
};

memory& pipes_read() {
  static memory only;
  return only;
}

/// `read`, unless that was done before.
template <class Read>
content_ref once(const std::string& name, const Read& read) {
  memory& all = pipes_read();
  const std::lock_guard lock(all.guard);
  if (const auto kept = all.by_name.find(name); kept != all.by_name.end()) return kept->second;
  return all.by_name.emplace(name, read()).first->second;
}

void read_all(file_content& into, const std::string& path, int fd) {
  while (into.size < into.max_size) {
    const ssize_t n = ::read(fd, into.bytes.get() + into.size, into.max_size - into.size);
    if (n == 0) return;
    if (n < 0 && errno != EINTR) unreadable(path, errno);
    if (n > 0) into.size += static_cast<std::size_t>(n);
  }
  throw key_error(key_error::kind::malformed, path + ": too large for such a file");
}

// U+FEFF in front (The Unicode Standard, section 23.8) is no part of the text.
void pass_over_mark(file_content& in, const std::string& path) {
  const std::string_view text(in.bytes.get(), in.size);
  if (text.starts_with("\xEF\xBB\xBF")) in.begin = 3;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw key_error(key_error::kind::malformed, path + ": this is UTF-16; save it as UTF-8");
}

content_ref text_of(const std::string& path, int fd, std::size_t limit) {
  const auto all = std::make_shared<file_content>(limit);
  read_all(*all, path, fd);
  pass_over_mark(*all, path);
  return all;
}

}  // namespace

private_text::private_text(const std::string& path, readers who, std::size_t limit) {
  // Non-blocking, so that a named pipe is refused instead of waited for.
  const auto opened = platform::open_file(path, platform::file_use::read);
  if (!opened) unreadable(path, opened.error().value());
  const platform::descriptor file(*opened);
  const auto read = [&] { return text_of(path, file.get(), limit); };
  if (!check_kind(path, file.get(), who)) {
    content_ = read();
    return;
  }
  if (::fcntl(file.get(), F_SETFL, 0) != 0) unreadable(path, errno);  // its writer may take time
  content_ = once(path, read);
}

private_text private_text::standard_input() {
  const std::string name = "standard input";
  return private_text(once(name, [&] { return text_of(name, STDIN_FILENO, usual_limit); }));
}

std::vector<std::string> private_text::pipes() {
  memory& all = pipes_read();
  const std::lock_guard lock(all.guard);
  std::vector<std::string> names;
  for (const auto& [name, text] : all.by_name) names.push_back(name);
  return names;
}

std::string_view private_text::view() const noexcept {
  return {content_->bytes.get() + content_->begin, content_->size - content_->begin};
}

}  // namespace mtcp
