#include "program/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "mtcp/net/platform/descriptor.hpp"
#include "mtcp/net/platform/file_opening.hpp"
#include "mtcp/net/platform/last_error.hpp"
#include "program/durable_file.hpp"

namespace mtcp::program {
namespace {

using platform::last_error;

constexpr std::size_t max_size = 16 << 20;

int open_in(const std::string& place, int flags) { return ::open(place.c_str(), flags | O_CLOEXEC, 0600); }

}  // namespace

option state_dir_option(const std::string& what) {
  return {"state-dir", "DIR", "directory for what should outlive the program: " + what};
}

state_dir::state_dir(std::string path, const std::string& origin) : path_(std::move(path)), origin_(origin) {
  const auto refuse = [&](const std::string& why) {
    throw settings_error(EX_CANTCREAT, origin_ + ": '" + path_ + "': " + why);
  };
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) refuse(last_error().message());
  lock_ = open_in(place_of("lock"), O_RDWR | O_CREAT);
  if (lock_ < 0) refuse(last_error().message());
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const error_code error = last_error();
  ::close(lock_);
  refuse(error.value() == EWOULDBLOCK ? "another program uses it" : error.message());
}

state_dir::~state_dir() { ::close(lock_); }

std::optional<std::string> state_dir::read(const std::string& file) const {
  const platform::descriptor from(open_in(place_of(file), O_RDONLY));
  if (!from && errno == ENOENT) return std::nullopt;
  std::string text;
  if (!from || !platform::read_into(text, from.get(), max_size))
    throw settings_error(EX_IOERR, place_of(file) + ": " + last_error().message());
  return text;
}

// The new one is written beside it, and takes its name: of the two there always is one that is whole.
error_code state_dir::replace(const std::string& file, const std::string& text) const {
  const std::string fresh = place_of(file + ".new");
  error_code error;
  {
    const platform::descriptor to(open_in(fresh, O_WRONLY | O_CREAT | O_TRUNC));
    error = to ? write_durably(to.get(), text) : last_error();
  }
  if (!error && std::rename(fresh.c_str(), place_of(file).c_str()) != 0) error = last_error();
  if (error) {
    ::unlink(fresh.c_str());
    return error;
  }
  const platform::descriptor directory(open_in(path_, O_RDONLY | O_DIRECTORY));
  if (directory) ::fsync(directory.get());
  return {};
}

std::shared_ptr<const state_dir> open_state_dir(const std::string& path) {
  return path.empty() ? nullptr : std::make_shared<const state_dir>(path, "--state-dir");
}

}  // namespace mtcp::program
