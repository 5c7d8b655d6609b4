#include "program/sandbox.hpp"

#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "mtcp/net/platform/last_error.hpp"
#include "program/landlock.hpp"
#include "program/sandbox_rules.hpp"
#include "program/system_calls.hpp"

namespace mtcp::program {
namespace {

using boost::system::error_code;

constexpr const char* off = "off (--no-sandbox)";

/// What is on, and what is not.
class account {
 public:
  void add(const std::string& what, const std::string& how, const std::string& trouble) {
    std::string& list = trouble.empty() ? on_ : missing_;
    if (!list.empty()) list += ", ";
    list += what + " (" + (trouble.empty() ? how : trouble) + ')';
  }
  std::string text() const {
    if (missing_.empty()) return on_;
    return on_.empty() ? "none: not " + missing_ : on_ + "; not " + missing_;
  }

 private:
  std::string on_, missing_;
};

std::string trouble_of(const std::string& with, const error_code& why) {
  if (!why) return {};
  if (why.value() == ENOSYS) return "this kernel has no " + with;
  if (why.value() == EOPNOTSUPP) return with + " is switched off in this kernel";
  return with + ": " + why.message();
}

const char* const for_sanitizers = "sanitizers need them";

std::string in_words(const identity& who) {
  return who.name + " (" + std::to_string(who.user) + ':' + std::to_string(who.group) + ')';
}

std::string landlock_in_words() {
  error_code unknown;
  return "Landlock " + std::to_string(landlock_version(unknown));
}

capabilities all_of(capabilities a, const capabilities& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bool notifies() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

}  // namespace

identity user_of(const sandbox_setting& s) {
  if (s.run_as.empty()) return {};
  try {
    return find_identity(s.run_as);
  } catch (const std::invalid_argument& e) {
    throw settings_error(EX_CONFIG, s.origin + ": '" + s.run_as + "': " + e.what());
  }
}

option no_sandbox_option() {
  return {"no-sandbox", "",
          "do not give up, once the program runs, what it never uses: other files and system calls (Landlock, seccomp)",
          option::arity::flag};
}

option run_as_option() {
  return {"run-as", "USER[:GROUP]", "become this user once ports and files are open, for programs that root starts"};
}

std::vector<option> with_sandbox(std::vector<option> options) {
  const auto place = std::ranges::find(options, "status", &option::name);
  options.insert(place, {run_as_option(), no_sandbox_option()});
  return options;
}

sandbox_setting sandbox_setting_of(const values& given) {
  sandbox_setting s;
  s.wanted = !given.flag("no-sandbox");
  s.run_as = given.text("run-as");
  if (!s.run_as.empty()) s.origin = given.origin("run-as");
  s.config = given.text("config");
  return s;
}

std::vector<platform::file_grant> files_of(const sandbox_setting& s) {
  std::vector<platform::file_grant> all{{"/etc/hosts"}, {"/etc/resolv.conf"}};
  if (!s.config.empty()) all.push_back({s.config});
  return all;
}

std::string describe_sandbox(const sandbox_setting& s) {
  if (!s.wanted) return off;
  account all;
  error_code why;
  const int version = landlock_version(why);
  all.add("files", "Landlock " + std::to_string(version), trouble_of("Landlock", why));
  all.add("system calls", "seccomp",
          is_sanitized() ? std::string(for_sanitizers) : trouble_of("seccomp", can_restrict_calls()));
  return all.text();
}

std::string describe_user(const sandbox_setting& s) { return in_words(user_of(s)); }

capabilities for_ports_below_1024() { return {CAP_NET_BIND_SERVICE}; }

capabilities for_packet_filters() { return {CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW}; }

// Without Landlock, and as the same user, the program opens its files itself.
sandbox::sandbox(const sandbox_setting& s, const grants& files) : settings_(s), user_(user_of(s)) {
  error_code why;
  const bool can_restrict = s.wanted && landlock_version(why) > 0;
  no_files_ = trouble_of("Landlock", why);
  if (!can_restrict && s.run_as.empty()) return;
  auto started = platform::opener::start(files);
  if (started) {
    opener_ = std::move(*started);
  } else {
    no_files_ = "no second process: " + started.error().message();
  }
}

sandbox::~sandbox() { platform::set_file_opening({}); }

// Files in it are replaced from now on by whom the program becomes.
void sandbox::give_directory_away() const {
  if (!settings_.keeps.empty() && ::chown(settings_.keeps.c_str(), user_.user, user_.group) != 0)
    throw settings_error(EX_NOPERM, "--state-dir: '" + settings_.keeps + "': it cannot be given to " + in_words(user_) +
                                        ": " + platform::last_error().message());
}

void sandbox::take_user(const capabilities& needed) {
  try {
    if (settings_.run_as.empty()) {
      if (settings_.wanted && opener_) keep_only(all_of(for_packet_filters(), needed));
      return;
    }
    give_directory_away();
    become(user_, needed);
    spdlog::info("runs as {}, with {}", in_words(user_), capabilities_in_words());
  } catch (const boost::system::system_error& e) {
    if (settings_.run_as.empty()) return;  // privileges that cannot be given up were had before
    throw settings_error(EX_NOPERM, settings_.origin + ": '" + settings_.run_as + "': " + e.code().message() +
                                        " (it takes root, or CAP_SETUID and CAP_SETGID)");
  }
}

void sandbox::enter(const capabilities& needed) {
  if (opener_)
    platform::set_file_opening(
        [this](const std::string& path, platform::file_use use) { return opener_->open(path, use); });
  take_user(needed);
  if (!settings_.wanted) return spdlog::info("sandbox: {}", off);
  account all;
  const std::string how = landlock_in_words();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) no_files_ = "no_new_privs is not to be had";
  if (no_files_.empty()) no_files_ = trouble_of("Landlock", restrict_files(allowed_paths(settings_.keeps)));
  all.add("files", how, no_files_);
  const std::string no_calls =
      is_sanitized() ? std::string(for_sanitizers)
                     : trouble_of("seccomp", restrict_calls(allowed_calls(notifies(), !settings_.keeps.empty())));
  all.add("system calls", "seccomp", no_calls);
  spdlog::info("sandbox: {}", all.text());
}

void sandbox::renew_files() {
  if (opener_) opener_->renew();
}

}  // namespace mtcp::program
