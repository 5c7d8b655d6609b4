#include "url.hpp"

#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "mtcp/net/key_ring.hpp"
#include "program/share_url.hpp"
#include "qr_code.hpp"

namespace mtcp::server {
namespace {

key key_of(const std::string& user, const key_ring& keys) {
  const auto& all = keys.entries();
  if (user.empty() && all.size() == 1) return *all.front();
  const auto is_wanted = [&](const key_ring::entry& k) { return k->user() == user || to_string(k->id()) == user; };
  const auto found = user.empty() ? all.end() : std::ranges::find_if(all, is_wanted);
  if (found != all.end()) return **found;
  std::string known;
  for (const auto& k : all) known += (known.empty() ? "" : ", ") + (k->user().empty() ? to_string(k->id()) : k->user());
  throw program::settings_error(EX_USAGE, "--user: expected one of " + known);
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
  return std::puts(url.c_str()) < 0 ? EX_IOERR : EX_OK;
}

}  // namespace mtcp::server
