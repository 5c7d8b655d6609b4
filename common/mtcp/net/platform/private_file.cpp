#include "mtcp/net/platform/private_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "mtcp/key.hpp"

namespace mtcp {
namespace {

constexpr std::size_t max_file_size = 1 << 20;

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
  if (S_ISDIR(info.st_mode)) unreadable(path, EISDIR);
  if (!S_ISREG(info.st_mode)) throw key_error(key_error::kind::unreadable, path + ": not a regular file");
  const bool is_lent = info.st_uid == 0 && ::geteuid() != 0;
  if ((info.st_mode & (is_lent ? 037 : 077)) != 0) {
    throw key_error(key_error::kind::permissions,
                    path + ": others than its owner have access to this file; run: chmod 600 " + path);
  }
}

}  // namespace

private_text::private_text(const std::string& path) : bytes_(new char[max_file_size]) {
  // Non-blocking, so that a named pipe is refused instead of waited for.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) unreadable(path, errno);
  check_permissions(path, file.get());
  read_all(path, file.get());
}

private_text::private_text(int descriptor, const std::string& name) : bytes_(new char[max_file_size]) {
  read_all(name, descriptor);
}

void private_text::wipe::operator()(char* bytes) const noexcept {
  OPENSSL_cleanse(bytes, max_file_size);
  delete[] bytes;
}

void private_text::read_all(const std::string& path, int fd) {
  while (size_ < max_file_size) {
    const ssize_t n = ::read(fd, bytes_.get() + size_, max_file_size - size_);
    if (n == 0) return;
    if (n < 0 && errno != EINTR) unreadable(path, errno);
    if (n > 0) size_ += static_cast<std::size_t>(n);
  }
  throw key_error(key_error::kind::malformed, path + ": too large for a file of secrets");
}

}  // namespace mtcp
