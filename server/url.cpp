#include "url.hpp"

#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "mtcp/key_ring.hpp"
#include "program/share_url.hpp"
#include "qr_code.hpp"

namespace mtcp::server {
namespace {

/// Those among `all` whom `user` may mean; all of them if it is empty.
std::vector<key_ring::entry> matching(const std::string& user, const std::vector<key_ring::entry>& all) {
  std::vector<key_ring::entry> found;
  std::ranges::copy_if(all, std::back_inserter(found), [&](const key_ring::entry& k) {
    return user.empty() || k->user() == user || to_string(k->id()) == user;
  });
  return found;
}

constexpr std::size_t most_named = 20;

/// Names alone, where they are enough to tell the keys apart.
std::string list_of(const std::vector<key_ring::entry>& keys, bool with_ids) {
  std::string out;
  for (const auto& k : std::span(keys).first(std::min(keys.size(), most_named))) {
    const std::string id = to_string(k->id());
    out += out.empty() ? "" : ", ";
    out += k->user().empty() ? id : with_ids ? k->user() + " (" + id + ")" : k->user();
  }
  if (keys.size() > most_named) out += ", and " + std::to_string(keys.size() - most_named) + " more";
  return out;
}

bool have_one_name_twice(const std::vector<key_ring::entry>& keys) {
  std::unordered_set<std::string_view> seen;
  return std::ranges::any_of(
      keys, [&seen](const key_ring::entry& k) { return !k->user().empty() && !seen.insert(k->user()).second; });
}

key key_of(const std::string& user, const key_ring& keys) {
  const auto found = matching(user, keys.entries());
  if (found.size() == 1) return *found.front();
  const auto& choice = found.empty() ? keys.entries() : found;
  const char* why = found.empty() || user.empty() ? "--user: expected one of " : "--user: several keys; take an id: ";
  throw program::settings_error(EX_USAGE, why + list_of(choice, have_one_name_twice(choice)));
}

}  // namespace

int print_url(const settings& s) {
  const program::share_url shared{key_of(s.url.user, load_key_file(s.key_file)), s.url.hosts, s.url.bridges,
                                  s.url.name};
  const std::string url = to_string(shared);
  try {
    program::parse_share_url(url);
  } catch (const key_error& e) {
    throw program::settings_error(EX_USAGE, std::string("no client would take this URL: ") + e.what());
  }
  if (s.url.qr || ::isatty(STDOUT_FILENO) == 1) std::fputs(qr_code(url).c_str(), stdout);
  std::puts(url.c_str());
  return EX_OK;
}

}  // namespace mtcp::server
