#include "program/system_calls.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>

#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::program {
namespace {

using boost::system::error_code;

// From here on all machines have the same numbers, but for those that begin elsewhere.
constexpr int first_new_call = 424, last_new_call = 511;
constexpr int clone3 = 435;

error_code error_of(int negative) { return {-negative, boost::system::system_category()}; }

class filter {
 public:
  filter() : of_(::seccomp_init(SCMP_ACT_ERRNO(EPERM)), ::seccomp_release) {
    if (!of_) throw std::bad_alloc();
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree; older libraries have a list
  }

  void allow(const call_rule& rule) {
    std::vector<scmp_arg_cmp> conditions;
    for (const call_condition& one : rule.all_of)
      conditions.push_back({one.argument, SCMP_CMP_MASKED_EQ, one.mask, one.value});
    for (const char* name : rule.names) {
      const int number = ::seccomp_syscall_resolve_name(name);
      if (number == __NR_SCMP_ERROR) continue;  // the library is older than the call
      known_.insert(number);
      keep(::seccomp_rule_add_array(of_.get(), SCMP_ACT_ALLOW, number, static_cast<unsigned>(conditions.size()),
                                    conditions.data()));
    }
  }

  void say_unknown_of_new_calls() {
    if (::seccomp_syscall_resolve_name("clone3") != clone3) return;
    for (int number = first_new_call; number <= last_new_call; ++number)
      if (!known_.contains(number)) keep(::seccomp_rule_add(of_.get(), SCMP_ACT_ERRNO(ENOSYS), number, 0));
  }

  error_code load() { return failed_ ? failed_ : error_of(::seccomp_load(of_.get())); }

 private:
  void set(scmp_filter_attr what, std::uint32_t value) { ::seccomp_attr_set(of_.get(), what, value); }
  void keep(int result) {
    if (result < 0 && !failed_) failed_ = error_of(result);
  }

  std::unique_ptr<void, decltype(&::seccomp_release)> of_;
  std::set<int> known_;
  error_code failed_;
};

}  // namespace

error_code can_restrict_calls() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? error_code() : platform::last_error();
}

error_code restrict_calls(const std::vector<call_rule>& allowed) {
  filter all;
  for (const call_rule& rule : allowed) all.allow(rule);
  all.say_unknown_of_new_calls();
  return all.load();
}

}  // namespace mtcp::program
