#include "check.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>

#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/key_ring.hpp"
#include "path_option.hpp"

namespace mtcp::client {
namespace {

void print(const char* what, const std::string& text) { std::printf("%-8s %s\n", what, text.c_str()); }

std::string place(const std::optional<core::target>& where) { return where ? to_string(*where) : "none"; }

}  // namespace

const program::share_url& key_source::url_of(const settings& s) {
  if (!url_ || s.url_file != "-") url_ = program::load_share_url(s.url_file);
  return *url_;
}

key key_source::load(settings& s) {
  if (!s.url_file.empty()) {
    const program::share_url& url = url_of(s);
    take_url(s, url);
    key secret = url.secret;
    secret.set_user(url.name);
    return secret;
  }
  const key_ring keys = load_key_file(s.key_file);
  if (keys.size() > 1) spdlog::warn("{} holds several keys; the first is used", s.key_file);
  return *keys.entries().front();
}

int print_settings(const settings& s, const key& secret) {
  print("key", to_string(secret.id()) + (secret.user().empty() ? "" : " (" + secret.user() + ")"));
  for (const path_options& path : s.paths) print("path", describe(path));
  print("socks", place(s.socks));
  if (!s.users_file.empty()) print("users", std::to_string(load_users(s.users_file).size()));
  for (const forward& f : s.forwards) print("forward", to_string(f.listen) + " to " + to_string(f.to));
  print("status", place(s.status.where));
  return 0;
}

}  // namespace mtcp::client
