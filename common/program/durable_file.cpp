#include "program/durable_file.hpp"

#include <unistd.h>

#include <cerrno>

#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::program {

using platform::last_error;

error_code write_durably(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t more = ::write(descriptor, text.data() + done, text.size() - done);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return last_error();
    done += static_cast<std::size_t>(more);
  }
  return ::fsync(descriptor) == 0 ? error_code() : last_error();
}

}  // namespace mtcp::program
