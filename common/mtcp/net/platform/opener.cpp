#include "mtcp/net/platform/opener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "mtcp/net/platform/last_error.hpp"
#include "mtcp/net/platform/second_process.hpp"

namespace mtcp::platform {
namespace {

using boost::system::error_code;

constexpr char renewal = 'n';
constexpr std::size_t max_request = PATH_MAX + 1;

char letter_of(file_use use) { return use == file_use::read ? 'r' : use == file_use::append ? 'a' : 'd'; }

std::optional<file_use> use_of(char letter) {
  for (const file_use use : {file_use::read, file_use::append, file_use::remove})
    if (letter_of(use) == letter) return use;
  return std::nullopt;
}

error_code error_of(int number) { return {number, boost::system::system_category()}; }

/// An answer is an error number, and a descriptor if something was opened.
struct answer_message {
  int error = 0;
  iovec part{&error, sizeof error};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> rights{};
  msghdr head{};

  answer_message() {
    head.msg_iov = &part;
    head.msg_iovlen = 1;
  }
  answer_message(const answer_message&) = delete;
  answer_message& operator=(const answer_message&) = delete;

  void make_room_for_descriptor() {
    head.msg_control = rights.data();
    head.msg_controllen = rights.size();
  }
  void attach(int descriptor) {
    make_room_for_descriptor();
    cmsghdr* const with = CMSG_FIRSTHDR(&head);
    with->cmsg_level = SOL_SOCKET;
    with->cmsg_type = SCM_RIGHTS;
    with->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(with), &descriptor, sizeof descriptor);
  }
  /// 0 if there is none.
  int attached() {
    const cmsghdr* const with = CMSG_FIRSTHDR(&head);
    int descriptor = 0;
    if (with != nullptr && with->cmsg_level == SOL_SOCKET && with->cmsg_type == SCM_RIGHTS &&
        with->cmsg_len == CMSG_LEN(sizeof descriptor))
      std::memcpy(&descriptor, CMSG_DATA(with), sizeof descriptor);
    return descriptor;
  }
};

// ---- the second process ----

class second_process {
 public:
  second_process(int connection, opener::grants may, std::vector<file_grant> now)
      : connection_(connection), may_(std::move(may)), granted_(std::move(now)) {}

  void serve() {
    std::array<char, max_request> request{};
    for (;;) {
      const ssize_t size = uninterrupted([&] { return ::recv(connection_, request.data(), request.size(), 0); });
      if (size <= 0) return;
      answer(request.front(), std::string(request.data() + 1, static_cast<std::size_t>(size) - 1));
    }
  }

 private:
  void renew() {
    try {
      granted_ = may_();
    } catch (const std::exception&) {  // the program finds the same fault, and tells of it
    }
  }

  boost::system::result<int> result_of(char what, const std::string& path) {
    if (what == renewal) {
      renew();
      return 0;
    }
    const auto use = use_of(what);
    if (!use || std::ranges::find(granted_, file_grant{path, *use}) == granted_.end()) return error_of(EACCES);
    return open_file_here(path, *use);
  }

  void answer(char what, const std::string& path) {
    const auto got = result_of(what, path);
    answer_message message;
    message.error = got ? 0 : got.error().value();
    if (got && *got > 0) message.attach(*got);
    uninterrupted([&] { return ::sendmsg(connection_, &message.head, MSG_NOSIGNAL); });
    if (got && *got > 0) ::close(*got);
  }

  int connection_;
  opener::grants may_;
  std::vector<file_grant> granted_;
};

}  // namespace

boost::system::result<std::unique_ptr<opener>> opener::start(grants may) {
  std::vector<file_grant> now = may();
  const auto serve = [&](int connection) { second_process(connection, std::move(may), std::move(now)).serve(); };
  const auto connection = start_second_process("mtcp-opener", serve);
  if (!connection) return connection.error();
  return std::unique_ptr<opener>(new opener(*connection));
}

opener::~opener() { ::close(connection_); }

boost::system::result<int> opener::open(const std::string& path, file_use use) { return ask(letter_of(use), path); }

void opener::renew() { static_cast<void>(ask(renewal, {})); }

boost::system::result<int> opener::ask(char what, const std::string& path) {
  const std::string request = what + path;
  if (request.size() > max_request) return error_of(ENAMETOOLONG);
  const std::lock_guard lock(one_at_a_time_);
  if (uninterrupted([&] { return ::send(connection_, request.data(), request.size(), MSG_NOSIGNAL); }) < 0)
    return last_error();
  answer_message message;
  message.make_room_for_descriptor();
  const ssize_t size = uninterrupted([&] { return ::recvmsg(connection_, &message.head, MSG_CMSG_CLOEXEC); });
  if (size < 0) return last_error();
  if (size != sizeof message.error) return error_of(EPIPE);
  if (message.error != 0) return error_of(message.error);
  if ((message.head.msg_flags & MSG_CTRUNC) != 0) return error_of(EMFILE);  // there was no descriptor left to take it
  return message.attached();
}

}  // namespace mtcp::platform
