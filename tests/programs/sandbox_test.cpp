// What a program can and cannot do once it is in the sandbox: in a child, since nothing leads out of it.
#include "program/sandbox.hpp"

#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <grp.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <random>
#include <thread>

#include "mtcp/async.hpp"
#include "mtcp/net/platform/file_opening.hpp"
#include "program/landlock.hpp"
#include "program/sandbox_rules.hpp"
#include "program/state_dir.hpp"
#include "program/system_calls.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::program {
namespace {

bool has_landlock() {
  boost::system::error_code why;
  return landlock_version(why) > 0;
}

bool has_seccomp() { return !is_sanitized() && !can_restrict_calls(); }

/// What a call has failed for, in words; "" if it has not.
std::string outcome(long result) { return result < 0 ? std::strerror(errno) : ""; }

std::string opened(const std::string& path, int flags = O_RDONLY) {
  const int file = ::open(path.c_str(), flags, 0600);
  const std::string trouble = outcome(file);
  if (file >= 0) ::close(file);
  return trouble;
}

std::string socket_of(int family, int type, int protocol = 0) {
  const int made = ::socket(family, type, protocol);
  const std::string trouble = outcome(made);
  if (made >= 0) ::close(made);
  return trouble;
}

const std::string denied = std::strerror(EACCES), not_permitted = std::strerror(EPERM),
                  not_there = std::strerror(ENOSYS);

class Sandbox : public testing::Test {
 protected:
  using check = std::function<std::string()>;

  /// What `say` returns in there.
  std::string inside(const check& say, const capabilities& needed = {}) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string text = entered(say, needed);
      const bool told = ::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
      std::_Exit(told ? 0 : 1);
    }
    ::close(pipe[1]);
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::read(pipe[0], part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<std::size_t>(n));
    ::close(pipe[0]);
    ::waitpid(child, &status, 0);
    return text;
  }

  std::string path(const char* name) const { return (files / name).string(); }

  sandbox_setting settings;
  std::vector<platform::file_grant> granted;
  int status = 0;
  const lab::temp_dir files;

 private:
  std::string entered(const check& say, const capabilities& needed) try {
    sandbox around(settings, [this] { return granted; });
    around.enter(needed);
    return say();
  } catch (const std::exception& e) {
    return std::string("threw: ") + e.what();
  }
};

#define SKIP_WITHOUT(what) \
  if (!has_##what()) GTEST_SKIP() << "no " #what " here"

TEST_F(Sandbox, HasNoFilesButThoseOfTheSettings) {
  SKIP_WITHOUT(landlock);
  files.write("key", "a key");
  files.write("other", "secret");
  granted = {{path("key")}};
  EXPECT_EQ(inside([&] { return platform::text_of_file(path("key"), 100).value_or("none"); }), "a key");
  EXPECT_EQ(inside([&] { return opened(path("key")); }), denied) << "not by itself";
  EXPECT_EQ(inside([&] { return platform::text_of_file(path("other"), 100).value_or("none"); }), "none");
  EXPECT_EQ(inside([&] { return opened(path("other")); }), denied);
  EXPECT_EQ(inside([] { return opened("/etc/passwd"); }), denied);
  EXPECT_EQ(inside([] { return opened("/etc/shadow"); }), denied);
  EXPECT_EQ(inside([] { return opened("/proc/self/environ"); }), is_sanitized() ? "" : denied);
  EXPECT_EQ(inside([&] { return opened(path("new"), O_WRONLY | O_CREAT); }), denied);
  EXPECT_EQ(inside([&] { return outcome(::unlink(path("other").c_str())); }), denied);
  EXPECT_FALSE(std::filesystem::exists(path("new")));
  EXPECT_TRUE(std::filesystem::exists(path("other")));
  EXPECT_EQ(inside([] { return opened("/dev/null"); }), "");
}

TEST_F(Sandbox, KeepsFilesInADirectoryThatIsGiven) {
  SKIP_WITHOUT(landlock);
  settings.keeps = path("state");
  const state_dir kept(settings.keeps, "--state-dir");
  EXPECT_EQ(inside([&] {
              for (const char* text : {"one", "two"})
                if (const error_code error = kept.replace("file", text)) return error.message();
              return kept.read("file").value_or("none");
            }),
            "two");
  EXPECT_EQ(inside([&] { return opened(path("new"), O_WRONLY | O_CREAT); }), denied);
  EXPECT_EQ(inside([&] { return outcome(::symlink("/etc", (settings.keeps + "/etc").c_str())); }),
            has_seccomp() ? not_permitted : denied);
}

TEST_F(Sandbox, LendsFilesToLibraries) {
  files.write("resolv.conf", "nameserver 192.0.2.1\n");
  granted = {{path("resolv.conf")}};
  const auto size = [&] {
    const platform::lent_file lent(path("resolv.conf"));
    const int file = ::open(lent.path().c_str(), O_RDONLY);
    struct stat what {};
    return file < 0 || ::fstat(file, &what) != 0 ? outcome(-1) : std::to_string(what.st_size);
  };
  EXPECT_EQ(inside(size), "21");
}

TEST_F(Sandbox, AppendsToTheFilesOfTheSettings) {
  granted = {{path("log"), platform::file_use::append}};
  const auto write = [&] {
    const auto file = platform::open_file(path("log"), platform::file_use::append);
    return file ? outcome(::write(*file, "line\n", 5)) : file.error().message();
  };
  EXPECT_EQ(inside(write), "");
  EXPECT_EQ(platform::text_of_file(path("log"), 100), "line\n");
}

TEST_F(Sandbox, RunsNothing) {
  SKIP_WITHOUT(seccomp);
  const auto run = [] {
    const char* const words[] = {"/bin/true", nullptr};
    return outcome(::execv(words[0], const_cast<char* const*>(words)));
  };
  EXPECT_EQ(inside(run), not_permitted);
  EXPECT_EQ(inside([] { return outcome(::fork()); }), not_permitted);
  EXPECT_EQ(inside([] { return outcome(::syscall(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0)); }),
            not_permitted);
}

TEST_F(Sandbox, TouchesNoOtherProcess) {
  SKIP_WITHOUT(seccomp);
  const pid_t parent = ::getpid();
  EXPECT_EQ(inside([&] { return outcome(::ptrace(PTRACE_ATTACH, parent, nullptr, nullptr)); }), not_permitted);
  EXPECT_EQ(inside([&] { return outcome(::kill(parent, 0)); }), not_permitted);
  EXPECT_EQ(inside([&] { return outcome(::syscall(SYS_tgkill, parent, parent, 0)); }), not_permitted);
  char byte = 0;
  const iovec mine{&byte, 1}, theirs{&byte, 1};
  EXPECT_EQ(inside([&] { return outcome(::process_vm_readv(parent, &mine, 1, &theirs, 1, 0)); }), not_permitted);
}

TEST_F(Sandbox, ChangesNothingOfTheSystem) {
  SKIP_WITHOUT(seccomp);
  for (const long call : {SYS_mount, SYS_unshare, SYS_setns, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl,
                          SYS_setresuid, SYS_capset, SYS_chroot, SYS_sethostname, SYS_init_module, SYS_reboot,
                          SYS_fchmodat, SYS_renameat2, SYS_mkdirat, SYS_symlinkat, SYS_personality, SYS_setpriority})
    EXPECT_EQ(inside([&] { return outcome(::syscall(call, 0, 0, 0, 0, 0)); }), not_permitted) << call;
  EXPECT_EQ(inside([] { return outcome(::prctl(PR_SET_DUMPABLE, 1)); }), not_permitted);
  EXPECT_EQ(inside([] { return outcome(::ioctl(0, TIOCSTI, "x")); }), not_permitted);
}

TEST_F(Sandbox, SaysOfNewCallsThatTheyAreUnknown) {
  SKIP_WITHOUT(seccomp);
  constexpr long of_the_future = 500;
  for (const long call : {long{SYS_clone3}, long{SYS_openat2}, long{SYS_io_uring_setup}, of_the_future})
    EXPECT_EQ(inside([&] { return outcome(::syscall(call, 0, 0, 0, 0, 0)); }), not_there) << call;
}

TEST_F(Sandbox, MakesNoCode) {
  SKIP_WITHOUT(seccomp);
  const auto map = [](int rights) {
    void* const made = ::mmap(nullptr, 4096, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return made == MAP_FAILED ? outcome(-1) : std::string();
  };
  EXPECT_EQ(inside([&] { return map(PROT_READ | PROT_WRITE); }), "");
  EXPECT_EQ(inside([&] { return map(PROT_READ | PROT_EXEC); }), not_permitted);
  const auto change = [] {
    void* const made = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(::mprotect(made, 4096, PROT_READ | PROT_EXEC));
  };
  EXPECT_EQ(inside(change), not_permitted);
}

TEST_F(Sandbox, HasOnlySocketsThatItUses) {
  SKIP_WITHOUT(seccomp);
  ::unsetenv("NOTIFY_SOCKET");
  for (const int family : {AF_INET, AF_INET6})
    for (const int type : {int{SOCK_STREAM}, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK})
      EXPECT_EQ(inside([&] { return socket_of(family, type); }), socket_of(family, type)) << family;
  EXPECT_EQ(inside([] { return socket_of(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }), "");
  EXPECT_EQ(inside([] { return socket_of(AF_NETLINK, SOCK_RAW, 9); }), not_permitted) << "NETLINK_AUDIT";
  EXPECT_EQ(inside([] { return socket_of(AF_PACKET, SOCK_RAW); }), not_permitted);
  EXPECT_EQ(inside([] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP); }), not_permitted);
  EXPECT_EQ(inside([] { return socket_of(AF_UNIX, SOCK_STREAM); }), not_permitted);
  EXPECT_EQ(inside([] { return socket_of(AF_UNIX, SOCK_DGRAM); }), not_permitted);
  ::setenv("NOTIFY_SOCKET", "/nowhere", 1);
  EXPECT_EQ(inside([] { return socket_of(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC); }), "") << "to tell systemd";
  EXPECT_EQ(inside([] { return socket_of(AF_UNIX, SOCK_STREAM); }), not_permitted) << "Docker's socket, for one";
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_F(Sandbox, DoesWhatTheProgramsDo) {
  const auto use = [] {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return outcome(-1) + " of getifaddrs";
    ::freeifaddrs(all);
    if (::if_nametoindex("lo") == 0) return outcome(-1) + " of if_nametoindex";
    static_cast<void>(std::random_device{}());
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    if (::localtime_r(&now, &parts) == nullptr) return outcome(-1) + " of localtime_r";
    asio::io_context io;
    timer soon(io.get_executor(), std::chrono::milliseconds(1));
    std::string text = "no timer";
    soon.async_wait([&](error_code) { text.clear(); });
    std::thread(([&] { io.run(); })).join();
    return text;
  };
  EXPECT_EQ(inside(use), "");
}

TEST_F(Sandbox, ConnectsAndAccepts) {
  const auto use = [] {
    asio::io_context io;
    error_code error;
    tcp::acceptor door(io, {asio::ip::address_v4::loopback(), 0});
    tcp::socket one(io), other(io);
    one.connect(door.local_endpoint(), error);
    if (!error) door.accept(other, error);
    if (!error) one.set_option(asio::ip::tcp::no_delay(true), error);
    return error ? error.message() : std::string();
  };
  EXPECT_EQ(inside(use), "");
}

TEST_F(Sandbox, StillAborts) {
  inside([]() -> std::string { std::abort(); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

TEST_F(Sandbox, LeavesOnlyPrivilegesOfTheNetwork) {
  SKIP_WITHOUT(landlock);
  const std::string kept = inside([] { return capabilities_in_words(); });
  EXPECT_TRUE(kept == "no capabilities" || kept.find("CAP_NET_") == 0) << kept;
}

TEST_F(Sandbox, IsNotThereIfItIsNotWanted) {
  settings.wanted = false;
  EXPECT_EQ(inside([] { return opened("/etc/passwd"); }), "");
  EXPECT_EQ(inside([] { return socket_of(AF_UNIX, SOCK_STREAM); }), "");
  EXPECT_EQ(describe_sandbox(settings), "off (--no-sandbox)");
}

TEST_F(Sandbox, SaysWhatItIs) {
  const std::string text = describe_sandbox(settings);
  if (has_landlock()) {
    EXPECT_NE(text.find("files (Landlock "), std::string::npos) << text;
  }
  if (has_seccomp()) {
    EXPECT_NE(text.find("system calls (seccomp)"), std::string::npos) << text;
  }
  if (is_sanitized()) {
    EXPECT_NE(text.find("not system calls (sanitizers need them)"), std::string::npos) << text;
  }
}

class RunAs : public Sandbox {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
    settings.run_as = "65534:65533";
    settings.origin = "--run-as";
  }
};

TEST_F(RunAs, IsForGood) {
  for (const bool wanted : {true, false}) {
    settings.wanted = wanted;
    const auto who = [] {
      uid_t u[3];
      gid_t g[3];
      if (::getresuid(&u[0], &u[1], &u[2]) != 0 || ::getresgid(&g[0], &g[1], &g[2]) != 0) return outcome(-1);
      std::string all;
      for (const uid_t one : u) all += std::to_string(one) + ' ';
      for (const gid_t one : g) all += std::to_string(one) + ' ';
      return all + outcome(::setuid(0)) + ", " + capabilities_in_words();
    };
    EXPECT_EQ(inside(who), "65534 65534 65534 65533 65533 65533 " + not_permitted + ", no capabilities");
    settings.wanted = false;
    EXPECT_EQ(inside([] { return std::to_string(::getgroups(0, nullptr)); }), "0");
  }
}

TEST_F(RunAs, KeepsWhatIsNeeded) {
  settings.wanted = false;
  const capabilities needed{CAP_NET_BIND_SERVICE};
  EXPECT_EQ(inside([] { return capabilities_in_words(); }, needed), "CAP_NET_BIND_SERVICE");
}

TEST_F(RunAs, ReadsFilesOfRootThatTheSettingsName) {
  files.write("key", "a key");
  granted = {{path("key")}};
  for (const bool wanted : {true, false}) {
    settings.wanted = wanted;
    EXPECT_EQ(inside([&] { return platform::text_of_file(path("key"), 100).value_or("none"); }), "a key");
    EXPECT_EQ(inside([&] { return opened(path("key")); }), denied);
    EXPECT_EQ(inside([&] { return opened(platform::lent_file(path("key")).path()); }), "");
  }
}

TEST(Identity, IsAUserAndAGroup) {
  const identity nobody = find_identity("nobody");
  EXPECT_EQ(nobody.name, "nobody");
  EXPECT_NE(nobody.user, 0u);
  EXPECT_EQ(find_identity(std::to_string(nobody.user)).group, nobody.group);
  EXPECT_EQ(find_identity("nobody:12").group, 12u);
  EXPECT_EQ(find_identity("54321:12345").user, 54321u);
  EXPECT_EQ(find_identity("54321:12345").group, 12345u);
}

TEST(Identity, IsRefusedIfThereIsNone) {
  for (const char* text : {"", "no-such-user", "nobody:no-such-group", "54321", "nobody:", "-1:1", "4294967295:1",
                           "99999999999:1", "root", "0:0", "root:nogroup"})
    EXPECT_THROW(find_identity(text), std::invalid_argument) << text;
}

}  // namespace
}  // namespace mtcp::program
