#include "program/identity.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "mtcp/net/platform/last_error.hpp"
#include "program/accounts.hpp"

namespace mtcp::program {
namespace {

using boost::system::system_error;
using platform::last_error;

std::optional<unsigned> number_in(const std::string& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr unsigned none = ~0U;  // which chown(2) and setresuid(2) take for "as it is"
  if (error != std::errc() || end != text.data() + text.size() || number == none) return std::nullopt;
  return number;
}

gid_t group_of(const std::string& text) {
  if (const auto known = find_group(text)) return *known;
  if (const auto number = number_in(text)) return *number;
  throw std::invalid_argument("there is no group " + text);
}

// ---- capabilities: without libcap, whose calls are few ----

constexpr unsigned bits_of_word = 32;

struct sets {
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> words{};

  bool has(int capability) const {
    const auto at = static_cast<unsigned>(capability);
    return (words[at / bits_of_word].permitted >> (at % bits_of_word) & 1U) != 0;
  }
  void add(int capability) {
    const auto at = static_cast<unsigned>(capability);
    words[at / bits_of_word].permitted |= 1U << (at % bits_of_word);
    words[at / bits_of_word].effective |= 1U << (at % bits_of_word);
  }
  bool is_empty() const {
    return std::ranges::all_of(words, [](const auto& w) { return (w.permitted | w.effective) == 0; });
  }
};

__user_cap_header_struct this_process() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

sets present() {
  sets now;
  auto who = this_process();
  if (::syscall(SYS_capget, &who, now.words.data()) != 0) throw system_error(last_error(), "capget");
  return now;
}

struct known_capability {
  int number;
  const char* name;
};
constexpr known_capability told[] = {
    {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_NET_RAW, "CAP_NET_RAW"}};

/// What no program that this one could become may have. It takes CAP_SETPCAP; who has none has lost nothing.
void clear_bounds(const capabilities& kept) {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int one = 0; ::prctl(PR_CAPBSET_READ, one) >= 0; ++one)
    if (std::ranges::find(kept, one) == kept.end()) ::prctl(PR_CAPBSET_DROP, one);
}

}  // namespace

identity find_identity(const std::string& text) {
  const auto colon = text.find(':');
  const std::string user = text.substr(0, colon);
  identity who;
  who.name = user;
  auto known = find_user(user);
  const auto number = number_in(user);
  if (!known && number) known = find_user(uid_t{*number});
  if (!known && !number) throw std::invalid_argument("there is no user " + user);
  who.user = known ? known->user : *number;
  if (known) who.group = known->group;
  if (colon != std::string::npos) {
    who.group = group_of(text.substr(colon + 1));
  } else if (!known) {
    throw std::invalid_argument("expected UID:GID, since no user here has this number");
  }
  if (who.user == 0) throw std::invalid_argument("expected another user than root");
  return who;
}

void become(const identity& who, const capabilities& kept) {
  const bool is_already = ::getuid() == who.user && ::geteuid() == who.user && ::getegid() == who.group;
  if (!is_already) {
    clear_bounds(kept);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(who.group, who.group, who.group) != 0)
      throw system_error(last_error());
    ::prctl(PR_SET_KEEPCAPS, 1);
    if (::setresuid(who.user, who.user, who.user) != 0) throw system_error(last_error());
    ::prctl(PR_SET_KEEPCAPS, 0);
  }
  keep_only(kept);
  if (::setuid(0) == 0) throw std::logic_error("this process can still become root");
}

void keep_only(const capabilities& kept) {
  const sets now = present();
  if (now.is_empty()) return;
  sets left;
  for (const int one : kept)
    if (now.has(one)) left.add(one);
  clear_bounds(kept);
  auto who = this_process();
  if (::syscall(SYS_capset, &who, left.words.data()) != 0) throw system_error(last_error(), "capset");
}

std::string capabilities_in_words() {
  const sets now = present();
  std::string out;
  for (const auto& [number, name] : told)
    if (now.has(number)) out += (out.empty() ? "" : ", ") + std::string(name);
  if (!out.empty()) return out;
  return now.is_empty() ? "no capabilities" : "capabilities";
}

}  // namespace mtcp::program
