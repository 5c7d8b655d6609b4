#include "program/sandbox_rules.hpp"

#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mtcp::program {
namespace {

constexpr std::uint64_t of_int = 0xffff'ffff;  // what is above is no part of it, and may be anything
constexpr std::uint64_t kind_of_socket = 0xf;  // besides flags: SOCK_TYPE_MASK of linux/net.h
#ifdef __s390__
constexpr unsigned flags_of_clone = 1;
#else
constexpr unsigned flags_of_clone = 0;
#endif

call_condition is(unsigned argument, std::uint64_t value) { return {argument, of_int, value & of_int}; }
call_condition is_null(unsigned argument) { return {argument, ~std::uint64_t{0}, 0}; }
call_condition has(unsigned argument, std::uint64_t bits) { return {argument, bits, bits}; }
call_condition lacks(unsigned argument, std::uint64_t bits) { return {argument, bits, 0}; }
call_condition is_socket(std::uint64_t kind) { return {1, kind_of_socket, kind}; }

void add_sockets(std::vector<call_rule>& to, bool notifies) {
  for (const int family : {AF_INET, AF_INET6})
    for (const int kind : {SOCK_STREAM, SOCK_DGRAM})
      to.push_back({"bridges, destinations, names",
                    {"socket"},
                    {is(0, static_cast<std::uint64_t>(family)), is_socket(static_cast<std::uint64_t>(kind))}});
  to.push_back({"interfaces, routes, addresses", {"socket"}, {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)}});
  if (notifies) to.push_back({"the service manager", {"socket"}, {is(0, AF_UNIX), is_socket(SOCK_DGRAM)}});
}

// The requests that change nothing but the descriptor; TIOCSTI, which types for the user, is not among them.
void add_requests(std::vector<call_rule>& to) {
  for (const auto request : {FIONREAD, FIONBIO, FIOCLEX, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK})
    to.push_back({"non-blocking sockets, and how much they hold", {"ioctl"}, {is(1, request)}});
  for (const auto request : {SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFMTU})
    to.push_back({"interfaces by name and number", {"ioctl"}, {is(1, request)}});
  for (const auto request : {TCGETS, TIOCGWINSZ})
    to.push_back({"whether the log goes to a terminal", {"ioctl"}, {is(1, request)}});
}

}  // namespace

bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

// Files that the settings name are opened by the opener (mtcp/net/platform/opener.hpp).
std::vector<path_rule> allowed_paths(const std::string& keeps) {
  using enum path_rule::right;
  std::vector<path_rule> all{
      {read, "/dev/null", "the descriptor in reserve (platform.hpp)"},
      {list, "/proc", "the program's own sockets (own_sockets.hpp)"},
      {read, "/etc/resolv.conf", "c-ares, where there can be no file without a name (file_opening.hpp)"},
      {read, "/etc/nsswitch.conf", "c-ares, whenever the name servers change"},
      {read, "/etc/host.conf", "the same"},
      {read, "/etc/netsvc.conf", "the same"},
      {read, "/etc/svc.conf", "the same"},
      {read, "/etc/localtime", "the times of the log"},
      {read, "/usr/share/zoneinfo", "the same"},
  };
  if (!keeps.empty()) all.push_back({keep, keeps.c_str(), "what outlives the program (state_dir.hpp)"});
  if (!is_sanitized()) return all;
  all.push_back({run, "/proc", "sanitizers look at the process itself"});
  all.push_back({run, "/proc/self/exe", "and name the functions in it"});
  for (const char* place : {"/usr", "/lib", "/lib64", "/opt"}) all.push_back({run, place, "their symbolizer"});
  return all;
}

std::vector<call_rule> allowed_calls(bool notifies, bool keeps) {
  std::vector<call_rule> all{
      {"what is open is read and written",
       {"read", "readv", "write", "writev", "pread64", "pwrite64", "lseek", "_llseek", "close", "close_range", "dup",
        "dup2", "dup3", "fcntl", "fcntl64", "pipe", "pipe2"}},
      {"waiting",
       {"epoll_create",
        "epoll_create1",
        "epoll_ctl",
        "epoll_wait",
        "epoll_pwait",
        "epoll_pwait2",
        "poll",
        "ppoll",
        "ppoll_time64",
        "select",
        "_newselect",
        "pselect6",
        "pselect6_time64",
        "eventfd2",
        "timerfd_create",
        "timerfd_settime",
        "timerfd_settime64",
        "timerfd_gettime",
        "timerfd_gettime64",
        "nanosleep",
        "clock_nanosleep",
        "clock_nanosleep_time64",
        "sched_yield",
        "restart_syscall"}},
      {"sockets", {"socketpair",  "bind",        "listen",     "accept",     "accept4",  "connect",        "shutdown",
                   "getsockname", "getpeername", "getsockopt", "setsockopt", "send",     "sendto",         "sendmsg",
                   "sendmmsg",    "recv",        "recvfrom",   "recvmsg",    "recvmmsg", "recvmmsg_time64"}},
      {"files, as far as Landlock lets them be opened",
       {"open",       "openat",     "stat",         "stat64",     "lstat",    "lstat64",    "fstat",
        "fstat64",    "newfstatat", "fstatat64",    "statx",      "statfs",   "statfs64",   "fstatfs",
        "fstatfs64",  "access",     "faccessat",    "faccessat2", "readlink", "readlinkat", "getdents",
        "getdents64", "getcwd",     "memfd_create", "unlink",     "unlinkat"}},
      {"memory", {"brk", "munmap", "mremap", "madvise", "mlock", "munlock", "membarrier"}},
      {"memory that is no code", {"mmap", "mmap2", "mprotect", "pkey_mprotect"}, {lacks(2, PROT_EXEC)}},
      {"threads, but no processes", {"clone"}, {has(flags_of_clone, CLONE_THREAD)}},
      {"the life of threads",
       {"futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
        "set_thread_area", "set_tls", "gettid", "sched_getaffinity", "getcpu", "exit", "exit_group"}},
      {"signals to this process",
       {"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "rt_sigtimedwait",
        "rt_sigtimedwait_time64"}},
      {"abort()", {"tgkill"}, {is(0, static_cast<std::uint64_t>(::getpid()))}},
      {"what time it is",
       {"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday", "time"}},
      {"chance", {"getrandom"}},
      {"what this process is",
       {"getpid",     "getuid",    "getuid32",  "geteuid",     "geteuid32", "getgid",      "getgid32",
        "getegid",    "getegid32", "getresuid", "getresuid32", "getresgid", "getresgid32", "getrlimit",
        "ugetrlimit", "getrusage", "times",     "sysinfo",     "uname",     "capget"}},
      {"limits are read", {"prlimit64"}, {is_null(2)}},
      {"names of threads", {"prctl"}, {is(0, PR_SET_NAME)}},
      {"names of memory, by newer C libraries", {"prctl"}, {is(0, 0x53564d41)}},  // PR_SET_VMA
  };
  if (keeps) all.push_back({"files are replaced as a whole", {"rename", "renameat", "renameat2", "fsync"}});
  add_sockets(all, notifies);
  add_requests(all);
  return all;
}

}  // namespace mtcp::program
