#include "keygen.hpp"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "mtcp/key_ring.hpp"
#include "program/durable_file.hpp"
#include "program/options.hpp"

namespace mtcp::server {
namespace {

[[noreturn]] void fail(const std::string& file, int error) {
  throw program::settings_error(EX_CANTCREAT, file + ": " + std::generic_category().message(error));
}

void write_new(const std::string& file, int to, const std::string& text) {
  const error_code error = program::write_durably(to, text);
  ::close(to);
  if (!error) return;
  ::unlink(file.c_str());
  fail(file, error.value());
}

}  // namespace

int make_key(const std::string& file) {
  if (file.empty()) {
    std::puts(key::generate().to_string().c_str());
    return EX_OK;
  }
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) {
    write_new(file, made, key::generate().to_string() + "\n");
    return EX_OK;
  }
  if (errno != EEXIST) fail(file, errno);
  load_key_file(file);
  std::fprintf(stderr, "%s: holds a key already, and stays as it is\n", file.c_str());
  return EX_OK;
}

}  // namespace mtcp::server
