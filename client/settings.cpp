#include "settings.hpp"

#include <sysexits.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "command_line.hpp"
#include "path_option.hpp"
#include "program/both_ends.hpp"
#include "program/event_command.hpp"
#include "program/listen.hpp"
#include "program/parse.hpp"
#include "proxy_option.hpp"

namespace mtcp::client {
namespace {

using program::option;
using program::settings_error;
using program::values;

/// A port alone means loopback: listening on other addresses has to be asked for.
core::target parse_door(const std::string& text) {
  return program::parse_listen(program::is_digits(text) ? "127.0.0.1:" + text : text);
}

forward parse_forward(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos)
    throw std::invalid_argument("expected LISTEN=HOST:PORT, for example 2222=10.0.0.5:22");
  return {parse_door(text.substr(0, equals)), program::parse_destination(text.substr(equals + 1))};
}

/// Where the server is to listen. It looks no names up for that.
core::target parse_far_door(const std::string& text) {
  const bool port_alone = program::is_digits(text);
  const auto at = parse_host_port(port_alone ? "*:" + text : text);
  const bool all = at && (at->host.empty() || at->host == "*");
  const auto address = at && !all ? parse_address(at->host) : std::nullopt;
  if (!at || (!all && !address))
    throw std::invalid_argument("expected PORT, *:PORT or ADDRESS:PORT of the server in front of the =");
  if (port_alone) return {"", at->port};
  return {all ? "::" : address->to_string(), at->port};
}

reverse_options parse_reverse(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos)
    throw std::invalid_argument("expected LISTEN=HOST:PORT, for example 8080=127.0.0.1:80");
  return {parse_far_door(text.substr(0, equals)), program::parse_destination(text.substr(equals + 1))};
}

/// Whoever connects to such a port is refused, unless a packet filter has sent him. So it needs no password, and no
/// address that others reach.
core::target parse_transparent(const std::string& text) {
  core::target where = program::parse_listen(text);
  const auto literal = parse_address(where.host);
  if (where.host.empty() || (literal && unmapped(*literal).is_unspecified()))
    throw std::invalid_argument("expected an address of this machine, such as 127.0.0.1:1081; TPROXY needs no other");
  return where;
}

/// 0 is what has no mark.
std::uint32_t parse_mark(const std::string& text) {
  const bool is_hex = text.starts_with("0x");
  const std::string_view digits = std::string_view(text).substr(is_hex ? 2 : 0);
  std::uint32_t mark = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mark, is_hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || mark == 0)
    throw std::invalid_argument("expected a number from 1 to 0xffffffff");
  return mark;
}

path_setting make_path(path_setting base, const program::host_ports& server) {
  set_server(base, server);
  return base;
}

/// The values of --bridges, --bind, --rotate, --pace and --proxy, which hold for every server.
path_setting base_of(const values& given) {
  const auto bind = given.one("bind", parse_bind).value_or(local_end{});
  path_setting base;
  given.one("bridges", parse_bridges).value_or(bridge_count{}).apply_to(base);
  base.bind = bind.address;
  base.interface = bind.interface;
  base.rotate = given.one("rotate", parse_rotation).value_or(base.rotate);
  base.pace = given.one("pace", parse_pace).value_or(base.pace);
  base.proxy = given.one("proxy", parse_proxy);
  base.proxy_password_file = given.text("proxy-password-file");
  return base;
}

/// What says where one tunnel leads.
constexpr std::initializer_list<const char*> tunnel_options{
    "key-file", "url-file", "server", "path", "bridges", "bind", "rotate", "pace", "proxy", "proxy-password-file"};

void forbid_together(const values& given, const char* one, std::initializer_list<const char*> others) {
  for (const char* other : others)
    if (given.has(one) && given.has(other))
      throw settings_error(EX_USAGE, given.origin(other) + " cannot stand beside " + given.origin(one));
}

/// A key file and a URL file exclude each other; of two layers the earlier one decides, as for one option. So a service
/// can be given either, whatever its file says.
void let_earlier_layer_decide(values& given) {
  if (!given.has("url-file")) return;
  if (given.has("key-file") && given.from("key-file") < given.from("url-file")) return given.drop("url-file");
  for (const char* other : {"key-file", "server", "path"})
    if (given.has(other) && given.from("url-file") < given.from(other)) given.drop(other);
}

std::string parse_ip(const std::string& text) {
  const auto address = parse_address(text);
  if (!address || address->is_unspecified()) throw std::invalid_argument("expected an IP address");
  return address->to_string();
}

void check(const path_setting& path) {
  try {
    check_proxy(path);
  } catch (const std::invalid_argument& e) {
    throw settings_error(EX_USAGE, std::string("--") + e.what());
  }
}

std::vector<path_setting> paths_of(const values& given, const path_setting& base) {
  std::vector<path_setting> paths = given.each("path", parse_path);
  const auto servers = given.each("server", program::parse_server);
  forbid_together(given, "path", {"server", "bridges", "bind", "rotate", "pace", "proxy", "proxy-password-file"});
  for (const program::host_ports& server : servers) check(paths.emplace_back(make_path(base, server)));
  return paths;
}

std::string as_written(const std::string& text) { return text; }

/// One for each URL file; one, if there is none.
std::vector<tunnel_settings> tunnels_beside(values& given) {
  let_earlier_layer_decide(given);
  forbid_together(given, "url-file", {"key-file", "server", "path"});
  tunnel_settings one;
  one.key_file = given.text("key-file");
  one.url_path = base_of(given);
  one.bridges_given = given.has("bridges");
  one.paths = paths_of(given, one.url_path);
  std::vector<tunnel_settings> out;
  for (const std::string& file : given.each("url-file", as_written)) {
    out.push_back(one);
    out.back().url_file = file;
  }
  if (out.empty()) out.push_back(std::move(one));
  return out;
}

std::vector<option> options_of_a_tunnel() {
  std::vector<option> out;
  for (const char* name : tunnel_options)
    out.push_back(*std::ranges::find(command_line().options, name, &option::name));
  return out;
}

/// In the user's order.
std::vector<tunnel_settings> tunnels_of(values& given) {
  forbid_together(given, "tunnels", tunnel_options);
  if (!given.has("tunnels")) return tunnels_beside(given);
  std::vector<tunnel_settings> out;
  for (const std::string& object : given.each("tunnels", as_written)) {
    const std::string origin = given.origin("tunnels") + "[" + std::to_string(out.size()) + "]";
    values of_one = program::read_object(options_of_a_tunnel(), origin, object);
    if (!of_one.has("url-file") && !of_one.has("key-file"))
      throw settings_error(EX_CONFIG, origin + ": url-file is missing, or key-file and server");
    for (tunnel_settings& one : tunnels_beside(of_one)) out.push_back(std::move(one));
  }
  return out;
}

void require(bool present, const std::string& what) {
  if (!present) throw settings_error(EX_USAGE, what + " (see --help)");
}

bool is_loopback(const core::target& listen) {
  const auto address = parse_address(listen.host);
  return address ? unmapped(*address).is_loopback() : listen.host == "localhost";
}

void require_enough(const settings& s) {
  for (const tunnel_settings* one : s.all_tunnels()) {
    require(!one->key_file.empty() || !one->url_file.empty(),
            "--key-file is needed, with the key that `mtcp-server keygen` made; or --url-file");
    require(!one->paths.empty() || !one->url_file.empty(), "--server or --path is needed: where the server listens");
  }
  if (s.what == settings::action::test) return;  // it listens nowhere, and leaves out what has a quota
  for (const tunnel_settings* one : s.all_tunnels())
    for (const path_setting& path : one->paths)
      require(!path.granted.any() || !s.state_dir.empty(),
              "a path has a quota, and what it carries must outlive the program: give it a --state-dir");
  require(!s.socks.empty() || !s.forwards.empty() || !s.transparent.empty() || !s.reverses.empty(),
          "with --socks none there must be a --forward, --reverse or --transparent");
  for (const reverse_options& one : s.reverses)
    require(one.listen.port == 0 || std::ranges::count(s.reverses, one.listen, &reverse_options::listen) == 1,
            "--reverse has " + listen_name(one.listen) + " twice");
  require_guard(s, s.socks);
}

settings::action action_of(const std::string& command) {
  using enum settings::action;
  if (command == "health") return health;
  if (command == "top") return top;
  if (command == "reload") return reload;
  if (command == "env") return env;
  if (command == "test") return test;
  return command == "check" ? check : serve;
}

}  // namespace

std::vector<const tunnel_settings*> settings::all_tunnels() const {
  std::vector<const tunnel_settings*> out{this};
  for (const tunnel_settings& one : fallbacks) out.push_back(&one);
  return out;
}

void settings::set_mark(std::uint32_t value) {
  const auto set = [value](tunnel_settings& of) {
    of.url_path.mark = value;
    for (path_options& path : of.paths) path.mark = value;
  };
  mark = value;
  set(*this);
  for (tunnel_settings& one : fallbacks) set(one);
}

void require_guard(const settings& s, const std::vector<core::target>& socks) {
  for (const core::target& one : socks)
    require(s.socks_open || !s.users_file.empty() || is_loopback(one),
            "--socks " + to_string(one) +
                " would let anybody who reaches it use the tunnel; give it a --users-file, or, if that is wanted, "
                "--socks-open");
}

void take_url(tunnel_settings& s, const program::share_url& url) {
  path_setting base = s.url_path;
  try {
    if (!s.bridges_given && !url.bridges.empty()) parse_bridges(url.bridges).apply_to(base);
  } catch (const std::invalid_argument& e) {
    throw key_error(key_error::kind::malformed, s.url_file + ": bridges: " + e.what());
  }
  for (const program::host_ports& server : url.servers) check(s.paths.emplace_back(make_path(base, server)));
}

std::vector<platform::file_grant> files_of(const settings& s) {
  using enum platform::file_use;
  std::vector<platform::file_grant> all = program::files_of(s.sandbox);
  const auto add = [&all](const std::string& name) {
    if (!name.empty()) all.push_back({name, read});
  };
  for (const tunnel_settings* one : s.all_tunnels()) {
    add(one->key_file);
    add(one->url_file);
    add(one->url_path.proxy_password_file);
    for (const path_setting& path : one->paths) add(path.proxy_password_file);
  }
  add(s.users_file);
  for (const std::string& name : s.rules.files) add(name);
  if (!s.status.control.empty()) all.push_back({s.status.control, remove});
  return all;
}

// A mark on what is sent, and packets of other machines, take privileges for every socket.
program::capabilities capabilities_of(const settings& s) {
  return s.mark == 0 && s.transparent.empty() ? program::capabilities() : program::for_packet_filters();
}

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  values given = program::read_options(command_line(), std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  s.fallbacks = tunnels_of(given);
  static_cast<tunnel_settings&>(s) = s.fallbacks.front();
  s.fallbacks.erase(s.fallbacks.begin());
  s.set_mark(given.one("mark", parse_mark).value_or(0));
  s.min_protocol = given.one("min-protocol", program::parse_protocol).value_or(s.min_protocol);
  s.hedge = given.one("hedge", program::parse_hedge).value_or(s.hedge);
  s.socks = program::listeners_of(given, "socks", {"127.0.0.1", 1080});
  s.socks_open = given.flag("socks-open");
  s.users_file = given.text("users-file");
  s.udp_advertise = given.one("udp-advertise", parse_ip).value_or("");
  s.resume_timeout = given.one("resume-timeout", program::parse_duration).value_or(s.resume_timeout);
  s.keep_alive = given.one("keep-alive", program::parse_keep_alive).value_or(s.keep_alive);
  s.connect_wait = given.one("connect-wait", program::parse_duration).value_or(s.connect_wait);
  s.fast_open = given.flag("fast-open");
  s.state_dir = given.text("state-dir");
  s.on_event = program::on_event_of(given);
  s.destinations = !given.flag("no-destinations");
  s.forwards = given.each("forward", parse_forward);
  s.reverses = given.each("reverse", parse_reverse);
  s.transparent = given.each("transparent", parse_transparent);
  s.sandbox = program::sandbox_setting_of(given);
  s.sandbox.keeps = s.state_dir;
  s.what = action_of(given.command);
  const bool asks = s.what != settings::action::serve;
  s.status = status::status_setting(given, status::client_port, "mtcp-client", variables, asks);
  s.once = given.flag("once");
  s.fish = given.flag("fish");
  s.unset = given.flag("unset");
  s.test = test_request_of(given);
  using enum settings::action;
  if (s.what == health || s.what == top || s.what == reload) return s;
  if (s.what == settings::action::env) {
    require(!s.socks.empty() && s.socks.front().port != 0, "env: --socks has to name the port of the proxy");
    return s;
  }
  s.rules = rules_of(given);
  require_enough(s);
  return s;
}

}  // namespace mtcp::client
