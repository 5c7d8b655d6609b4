#include "settings.hpp"

#include <sysexits.h>

#include <stdexcept>

#include "path_option.hpp"
#include "program/parse.hpp"
#include "top/top.hpp"

namespace mtcp::client {
namespace {

using program::option;
using program::settings_error;
using program::values;

const program::synopsis synopsis{
    "mtcp-client",
    "Turns many TCP connections to an mtcp-server into one fast one, for everything that can use a proxy.",
    R"(Every option may also stand in the environment (--key-file as MTCP_KEY_FILE) or in the file that --config names
({"key-file": "mtcp.key", "server": "vpn.example.org:8443", "bridges": 8}); a flag comes first, the file last.

Examples:
  mtcp-client --key-file mtcp.key --server vpn.example.org:8443 --bridges 8
      then: curl --socks5-hostname 127.0.0.1:1080 https://example.org/
  mtcp-client --key-file mtcp.key --server vpn.example.org --forward 2222=10.0.0.5:22
      a local port that leads to one destination
  mtcp-client --url-file mtcp.url
      the same from one URL (mtcp://KEY@HOST:PORT), as `mtcp-server url` prints it
  mtcp-client --key-file mtcp.key --path server=vpn.example.org:8443,interface=eth0 \
              --path server=vpn.example.org:8443,interface=wwan0,role=backup,rate=20mbit
      two ways at once, the second for when the first is gone

The key is what `mtcp-server keygen --output mtcp.key` makes; its file must belong to you alone (chmod 600).)",
    {
        {"key-file", "FILE", "file with the key that the server knows"},
        {"url-file", "FILE|-",
         "instead of --key-file and --server: file with the URL that `mtcp-server url` printed; - reads standard "
         "input"},
        {"server", "HOST:PORT[-LAST]",
         "where the server listens (port 8443); of a range of ports each dial takes another; several addresses of one "
         "server are used at once",
         option::arity::repeated},
        {"bridges", "N", "TCP connections to each server: 1 to 64, or auto: as many as help, 2 to 16 (default)"},
        {"bind", "ADDRESS|INTERFACE", "dial from this local address, or through this interface"},
        {"rotate", "auto|off|SIZE|TIME",
         "replace bridges that the network slows down or ends over their life: as it is found to do (auto), or before "
         "they have carried SIZE (64MB), or at an age of TIME (20s)"},
        {"pace", "auto|TIME", "pause between two dials (1400ms), for networks that block who dials too often"},
        {"path", "PATH",
         "instead of --server, --bridges, --bind, --rotate and --pace: server=HOST:PORT and any of bind=ADDRESS, "
         "interface=NAME, bridges=N, role=active|backup, direction=both|up|down, rate=50mbit, congestion=bbr, "
         "rotate=auto|off|SIZE|TIME, pace=TIME, name=NAME, with commas between",
         option::arity::repeated, true},
        {"socks", "HOST:PORT|none",
         "where applications find the proxy (127.0.0.1:1080): SOCKS5 with UDP, SOCKS4, SOCKS4a and HTTP on one port"},
        {"socks-open", "", "let --socks be reached from other machines, without a password", option::arity::flag},
        {"users-file", "FILE",
         "ask for a password: a line NAME:PASSWORD for each user; it must belong to you alone. SOCKS4 is refused then"},
        {"udp-advertise", "ADDRESS",
         "where applications are told to send their UDP, if they reach this machine under another address "
         "(containers)"},
        {"fast-open", "",
         "tell applications of success before the destination is reached: one round trip less, and a reset if it fails",
         option::arity::flag},
        {"forward", "LISTEN=HOST:PORT",
         "a local port whose connections all go to one destination; LISTEN is ADDRESS:PORT, or PORT of 127.0.0.1. "
         "Whoever reaches it uses it, without a password",
         option::arity::repeated},
        status::status_option(status::client_port),
        status::status_host_option(),
    },
    {program::using_options(status::health_command(), {"status", "config"}),
     program::using_options(top::top_command(), {"status", "config"}),
     {"check", "read all settings and the key, print what they say, and end"}}};

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

std::optional<core::target> parse_socks(const std::string& text) {
  if (text == "none") return std::nullopt;
  return program::parse_listen(text);
}

path_options make_path(path_options base, const program::host_ports& server) {
  set_server(base, server);
  return base;
}

/// The values of --bridges, --bind, --rotate and --pace, which hold for every server.
path_options base_of(const values& given) {
  const auto bind = given.one("bind", parse_bind).value_or(local_end{});
  path_options base;
  given.one("bridges", parse_bridges).value_or(bridge_count{}).apply_to(base);
  base.bind = bind.address;
  base.interface = bind.interface;
  base.rotate = given.one("rotate", parse_rotation).value_or(base.rotate);
  base.pace = given.one("pace", parse_pace).value_or(base.pace);
  return base;
}

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

std::vector<path_options> paths_of(const values& given, const path_options& base) {
  std::vector<path_options> paths = given.each("path", parse_path);
  const auto servers = given.each("server", program::parse_server);
  forbid_together(given, "path", {"server", "bridges", "bind", "rotate", "pace"});
  for (const program::host_ports& server : servers) paths.push_back(make_path(base, server));
  return paths;
}

void require(bool present, const std::string& what) {
  if (!present) throw settings_error(EX_USAGE, what + " (see --help)");
}

bool is_loopback(const core::target& listen) {
  const auto address = parse_address(listen.host);
  return address ? unmapped(*address).is_loopback() : listen.host == "localhost";
}

void require_enough(const settings& s) {
  require(!s.key_file.empty() || !s.url_file.empty(),
          "--key-file is needed: the key that `mtcp-server keygen --output FILE` made");
  require(!s.paths.empty() || !s.url_file.empty(), "--server or --path is needed: where the server listens");
  require(s.socks || !s.forwards.empty(), "with --socks none there must be a --forward");
  require_guard(s, s.socks);
}

settings::action action_of(const std::string& command) {
  using enum settings::action;
  if (command == "health") return health;
  if (command == "top") return top;
  return command == "check" ? check : serve;
}

}  // namespace

void require_guard(const settings& s, const std::optional<core::target>& socks) {
  require(!socks || s.socks_open || !s.users_file.empty() || is_loopback(*socks),
          "--socks " + (socks ? to_string(*socks) : "") +
              " would let anybody who reaches it use the tunnel; give it a --users-file, or, if that is wanted, "
              "--socks-open");
}

void take_url(settings& s, const program::share_url& url) {
  path_options base = s.url_path;
  try {
    if (!s.bridges_given && !url.bridges.empty()) parse_bridges(url.bridges).apply_to(base);
  } catch (const std::invalid_argument& e) {
    throw key_error(key_error::kind::malformed, s.url_file + ": bridges: " + e.what());
  }
  for (const program::host_ports& server : url.servers) s.paths.push_back(make_path(base, server));
}

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  values given = program::read_options(synopsis, std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  let_earlier_layer_decide(given);
  forbid_together(given, "url-file", {"key-file", "server", "path"});
  s.key_file = given.text("key-file");
  s.url_file = given.text("url-file");
  s.url_path = base_of(given);
  s.bridges_given = given.has("bridges");
  s.paths = paths_of(given, s.url_path);
  s.socks = given.one("socks", parse_socks).value_or(core::target{"127.0.0.1", 1080});
  s.socks_open = given.flag("socks-open");
  s.users_file = given.text("users-file");
  s.udp_advertise = given.one("udp-advertise", parse_ip).value_or("");
  s.fast_open = given.flag("fast-open");
  s.forwards = given.each("forward", parse_forward);
  s.status = status::status_setting(given, status::client_port);
  s.once = given.flag("once");
  s.what = action_of(given.command);
  if (s.what == settings::action::health || s.what == settings::action::top) return s;
  require_enough(s);
  return s;
}

}  // namespace mtcp::client
