#include "settings.hpp"

#include <sysexits.h>

#include "program/parse.hpp"
#include "top/top.hpp"

namespace mtcp::server {
namespace {

using program::option;
using program::settings_error;
using program::values;

const program::synopsis synopsis{
    "mtcp-server",
    "The far end of an mtcp tunnel: takes the bridges of clients that hold a key and dials their destinations.",
    R"(Every option may also stand in the environment (--key-file as MTCP_KEY_FILE) or in the file that --config names
({"key-file": "/etc/mtcp/keys", "listen": [":8443"], "deny": ["203.0.113.0/24"]}); a flag comes first, the file last.

Destinations: public addresses are allowed, all others (loopback, private, link-local, multicast, ...) are not. --allow
and --deny come before these defaults; among them the longest prefix decides, and --deny wins a tie.

Examples:
  mtcp-server keygen > mtcp.key && chmod 600 mtcp.key
      a key; copy the file to the client. A key file may hold several, one per line, each with a name behind it
  mtcp-server --key-file mtcp.key
      serves on port 8443 of all addresses
  mtcp-server --key-file mtcp.key --listen :443 --allow 10.0.0.0/8 --deny 10.0.0.1
      another port, and a private network that clients may reach, but for one address)",
    {
        {"key-file", "FILE", "file with the keys of the clients, one per line; it must belong to you alone"},
        {"listen", "HOST:PORT", "where clients connect (all addresses, port 8443)", option::arity::repeated},
        {"allow", "CIDR", "let clients reach these addresses, for example 192.168.1.0/24", option::arity::repeated},
        {"deny", "CIDR", "keep clients from these addresses", option::arity::repeated},
        status::status_option(status::server_port),
        top::once_option(),
    },
    {{"keygen", "print a new key and end"}, status::health_command(), top::top_command()}};

}  // namespace

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  const values given = program::read_options(synopsis, std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  s.key_file = given.one("key-file", [](const std::string& text) { return text; }).value_or("");
  s.listen = given.each("listen", program::parse_listen);
  for (const network& block : given.each("allow", program::parse_network)) s.destinations.allow(block);
  for (const network& block : given.each("deny", program::parse_network)) s.destinations.deny(block);
  if (s.listen.empty()) s.listen = {{"", 8443}};
  s.once = given.flag("once");
  s.status = status::status_setting(given, status::server_port);
  if (given.command == "keygen") {
    s.what = settings::action::keygen;
  } else if (given.command == "health") {
    s.what = settings::action::health;
  } else if (given.command == "top") {
    s.what = settings::action::top;
  } else if (s.key_file.empty()) {
    throw settings_error(
        EX_USAGE, "--key-file is needed: make one with `mtcp-server keygen > FILE && chmod 600 FILE` (see --help)");
  }
  return s;
}

}  // namespace mtcp::server
