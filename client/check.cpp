#include "check.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>

#include <cstdio>

#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/net/tls/psk_identity.hpp"
#include "path_option.hpp"
#include "program/both_ends.hpp"
#include "program/share_url.hpp"
#include "proxy_option.hpp"
#include "shell_env.hpp"

namespace mtcp::client {
namespace {

void print(const char* what, const std::string& text) { std::printf("%-11s %s\n", what, text.c_str()); }

void print(const char* what, const std::vector<core::target>& places) {
  if (places.empty()) print(what, std::string("none"));
  for (const core::target& place : places) print(what, to_string(place));
}

/// Of --key-file, or of --url-file, which sets the paths as well.
key read_key(tunnel_settings& s) {
  if (!s.url_file.empty()) {
    const program::share_url url = program::load_share_url(s.url_file);
    take_url(s, url);
    key secret = url.secret;
    secret.set_user(url.name);
    return secret;
  }
  const key_ring keys = load_key_file(s.key_file);
  if (keys.size() > 1) spdlog::warn("{} holds several keys; the first is used", s.key_file);
  if (!keys.identities().empty())
    spdlog::warn("{} holds the server's identity, with which anybody passes for the server: leave it at the server",
                 s.key_file);
  return *keys.entries().front();
}

}  // namespace

key load_key(tunnel_settings& s) {
  key secret = read_key(s);
  for (path_setting& path : s.paths)
    if (!path.proxy_password_file.empty()) path.proxy->password = load_proxy_password(path.proxy_password_file);
  return secret;
}

std::vector<key> load_keys(settings& s) {
  std::vector<key> out;
  const auto load = [&](tunnel_settings& one) {
    out.push_back(load_key(one));
    const std::string& file = one.key_file.empty() ? one.url_file : one.key_file;
    if (!names_a_server(out.back()))
      throw key_error(key_error::kind::malformed, file + ": the key names a server that there cannot be");
    if (out.back().version() < s.min_protocol)
      throw program::settings_error(EX_CONFIG, file + ": the key is of version 1, and --min-protocol is 2");
  };
  load(s);
  for (tunnel_settings& one : s.fallbacks) load(one);
  return out;
}

int print_settings(const settings& s, const std::vector<key>& secrets) {
  auto secret = secrets.begin();
  for (const tunnel_settings* one : s.all_tunnels()) {
    print("key", to_string(secret->id()) + (secret->user().empty() ? "" : " (" + secret->user() + ")"));
    for (const path_setting& path : one->paths) print("path", describe(path));
    ++secret;
  }
  print("hedge", program::to_string(s.hedge));
  print("socks", s.socks);
  if (!s.users_file.empty()) print("users", std::to_string(load_users(s.users_file).size()));
  if (!s.rules.defaults) print("direct", std::string("nothing by default"));
  for (const std::string& rule : s.rules.written)
    if (const auto blank = rule.find(' '); rule != "direct none")
      print(rule.substr(0, blank).c_str(), rule.substr(blank + 1));
  for (const forward& f : s.forwards) print("forward", to_string(f.listen) + " to " + to_string(f.to));
  for (const reverse_options& r : s.reverses)
    print("reverse", listen_name(r.listen) + " of the server to " + to_string(r.to));
  for (const core::target& where : s.transparent) print("transparent", to_string(where));
  if (s.mark != 0) print("mark", std::to_string(s.mark));
  if (!s.state_dir.empty()) print("state-dir", s.state_dir);
  if (!s.on_event.empty()) print("on-event", s.on_event);
  if (!s.sandbox.run_as.empty()) print("run-as", program::describe_user(s.sandbox));
  print("sandbox", program::describe_sandbox(s.sandbox));
  print("status", s.status.where);
  if (!s.status.control.empty()) print("control", s.status.control);
  return 0;
}

int print_env(const settings& s) {
  const shell of = s.fish ? shell::fish : shell::posix;
  const proxy_place proxy{reachable(s.socks.front()), !s.users_file.empty()};
  std::fputs((s.unset ? unset_lines(of) : proxy_lines(proxy, of)).c_str(), stdout);
  return 0;
}

}  // namespace mtcp::client
