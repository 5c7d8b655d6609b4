#include "program/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace mtcp::program {
namespace {

/// A service manager's socket; a name that begins with '@' is abstract.
class manager {
 public:
  explicit manager(std::string name) : name_(std::move(name)), socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::memcpy(here.sun_path, name_.data(), name_.size());
    if (name_[0] == '@') here.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&here), size), 0) << std::strerror(errno);
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  ~manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
    if (name_[0] != '@') ::unlink(name_.c_str());
  }
  std::string heard() const {
    char text[64];
    const ssize_t size = ::recv(socket_, text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  std::string name_;
  int socket_;
};

TEST(Notify, TellsTheServiceManager) {
  const std::string unique = std::to_string(::getpid());
  for (const std::string& name : {testing::TempDir() + "mtcp_notify_" + unique, "@mtcp_notify_" + unique}) {
    const manager listening(name);
    notify("READY=1");
    EXPECT_EQ(listening.heard(), "READY=1") << name;
    EXPECT_EQ(listening.heard(), "nothing");
  }
}

TEST(Notify, DoesNothingWhereNobodyListens) {
  ::unsetenv("NOTIFY_SOCKET");
  notify("READY=1");
  for (const std::string& nobody : {std::string(), std::string("/nowhere"), std::string(300, 'x')}) {
    ::setenv("NOTIFY_SOCKET", nobody.c_str(), 1);
    notify("READY=1");
  }
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace mtcp::program
