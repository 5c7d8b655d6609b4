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
    "Turns many TCP connections to an mtcp-server into one fast one, for everything that speaks SOCKS5.",
    R"(Every option may also stand in the environment (--key-file as MTCP_KEY_FILE) or in the file that --config names
({"key-file": "mtcp.key", "server": "vpn.example.org:8443", "bridges": 8}); a flag comes first, the file last.

Examples:
  mtcp-client --key-file mtcp.key --server vpn.example.org:8443 --bridges 8
      then: curl --socks5-hostname 127.0.0.1:1080 https://example.org/
  mtcp-client --key-file mtcp.key --server vpn.example.org --forward 127.0.0.1:2222=10.0.0.5:22
      a local port that leads to one destination
  mtcp-client --key-file mtcp.key --path server=vpn.example.org:8443,interface=eth0 \
              --path server=vpn.example.org:8443,interface=wwan0,role=backup,rate=20mbit
      two ways at once, the second for when the first is gone

The key is what `mtcp-server keygen` prints; its file must belong to you alone (chmod 600).)",
    {
        {"key-file", "FILE", "file with the key that the server knows"},
        {"server", "HOST:PORT",
         "where the server listens (port 8443); several addresses of one server are used at once",
         option::arity::repeated},
        {"bridges", "N", "TCP connections to each server: 1 to 64, or auto: as many as help, 2 to 16 (default)"},
        {"bind", "ADDRESS|INTERFACE", "dial from this local address, or through this interface"},
        {"path", "PATH",
         "instead of --server, --bridges and --bind: server=HOST:PORT and any of bind=ADDRESS, interface=NAME, "
         "bridges=N, "
         "role=active|backup, direction=both|up|down, rate=50mbit, congestion=bbr, name=NAME, with commas between",
         option::arity::repeated},
        {"socks", "HOST:PORT|none", "where applications find the SOCKS5 proxy (127.0.0.1:1080)"},
        {"socks-open", "", "let --socks be reached from other machines, without a password", option::arity::flag},
        {"forward", "LISTEN=HOST:PORT", "a local port whose connections all go to one destination",
         option::arity::repeated},
        status::status_option(status::client_port),
        top::once_option(),
    },
    {status::health_command(), top::top_command()}};

forward parse_forward(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos)
    throw std::invalid_argument("expected LISTEN=HOST:PORT, for example 127.0.0.1:2222=10.0.0.5:22");
  return {program::parse_listen(text.substr(0, equals)), program::parse_destination(text.substr(equals + 1))};
}

std::optional<core::target> parse_socks(const std::string& text) {
  if (text == "none") return std::nullopt;
  return program::parse_listen(text);
}

std::vector<path_options> paths_of(const values& given) {
  std::vector<path_options> paths = given.each("path", parse_path);
  const auto servers = given.each("server", parse_server);
  const auto bridges = given.one("bridges", parse_bridges).value_or(bridge_count{});
  const auto bind = given.one("bind", parse_bind).value_or(local_end{});
  for (const char* name : {"server", "bridges", "bind"})
    if (!paths.empty() && given.has(name))
      throw settings_error(EX_USAGE, given.origin(name) + " cannot stand beside " + given.origin("path"));
  for (const core::target& server : servers) {
    path_options& path = paths.emplace_back();
    path.host = server.host;
    path.port = server.port;
    bridges.apply_to(path);
    path.bind = bind.address;
    path.interface = bind.interface;
  }
  return paths;
}

void require(bool present, const std::string& what) {
  if (!present) throw settings_error(EX_USAGE, what + " (see --help)");
}

bool is_loopback(const core::target& listen) {
  const auto address = parse_address(listen.host);
  return address ? unmapped(*address).is_loopback() : listen.host == "localhost";
}

}  // namespace

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  const values given = program::read_options(synopsis, std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  s.key_file = given.one("key-file", [](const std::string& text) { return text; }).value_or("");
  s.paths = paths_of(given);
  s.socks = given.one("socks", parse_socks).value_or(core::target{"127.0.0.1", 1080});
  s.socks_open = given.flag("socks-open");
  s.forwards = given.each("forward", parse_forward);
  s.status = status::status_setting(given, status::client_port);
  s.once = given.flag("once");
  if (!given.command.empty()) {
    s.what = given.command == "top" ? settings::action::top : settings::action::health;
    return s;
  }

  require(!s.key_file.empty(), "--key-file is needed: the key that `mtcp-server keygen` printed");
  require(!s.paths.empty(), "--server or --path is needed: where the server listens");
  require(s.socks || !s.forwards.empty(), "with --socks none there must be a --forward");
  require(!s.socks || s.socks_open || is_loopback(*s.socks),
          "--socks " + (s.socks ? to_string(*s.socks) : "") +
              " would let anybody who reaches it use the tunnel; if that is wanted add --socks-open");
  return s;
}

}  // namespace mtcp::client
