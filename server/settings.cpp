#include "settings.hpp"

#include <sysexits.h>

#include "mtcp/options.hpp"
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
and --deny come before these defaults; among them the longest prefix decides, and --deny wins a tie. The server's own
addresses are public to others, but not to its clients, who would stand behind its firewall: each takes an --allow of
exactly that address. Where addresses are translated (clouds, containers), name the public ones with --own-address.

Examples:
  mtcp-server keygen --output mtcp.key
      a key; copy the file to the client. A key file may hold several, one per line, each with a name behind it
  mtcp-server url --key-file mtcp.key --host vpn.example.org
      the same as one URL, and as a QR code
  mtcp-server --key-file mtcp.key
      serves on port 8443 of all addresses
  mtcp-server --key-file mtcp.key --listen :443 --allow 10.0.0.0/8 --deny 10.0.0.1
      another port, and a private network that clients may reach, but for one address)",
    {
        {"key-file", "FILE", "file with the keys of the clients, one per line; it must belong to you alone"},
        {"listen", "HOST:PORT[-LAST]",
         "where clients connect (all addresses, port 8443); a range of ports is for clients whose "
         "network treats single ports badly",
         option::arity::repeated},
        {"allow", "CIDR", "let clients reach these addresses, for example 192.168.1.0/24", option::arity::repeated},
        {"deny", "CIDR", "keep clients from these addresses", option::arity::repeated},
        {"own-address", "ADDRESS",
         "an address that leads here and is on no interface (NAT, containers); clients may not reach it",
         option::arity::repeated},
        {"trust-proxy", "CIDR",
         "load balancers, whose connections begin with a PROXY protocol header of version 2, and nobody else's",
         option::arity::repeated},
        {"threads", "N",
         "threads to spread clients over, 1 to 64 (1); a client's tunnel stays in one, so more than one serve several"},
        status::status_option(status::server_port),
        status::status_host_option(),
    },
    {{"keygen",
      "print a new key, and end",
      {{"output", "FILE", "write the key into FILE, for you alone, unless there is one already; print nothing"}}},
     {"url",
      "print the URL that takes a client here, and end; it holds the key",
      {{"host", "HOST:PORT", "this server, as its clients reach it (port 8443)", option::arity::repeated},
       {"user", "NAME|ID", "whose key, if --key-file holds several"},
       {"bridges", "N", "TCP connections that the client makes to each host: 1 to 64, or auto"},
       {"name", "TEXT", "what the client's user is to read"},
       {"qr", "", "print a QR code too, even if standard output is no terminal", option::arity::flag}},
      {"key-file", "config"}},
     program::using_options(status::health_command(), {"status", "config"}),
     program::using_options(top::top_command(), {"status", "config"}),
     {"check", "read all settings and the keys, print what they say, and end"}}};

unsigned parse_threads(const std::string& text) { return program::parse_number(text, 1, 64); }

std::string parse_file(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("expected the name of a file");
  return text;
}

url_request url_of(const values& given) {
  url_request url;
  url.hosts = given.each("host", program::parse_server);
  url.user = given.text("user");
  given.one("bridges", program::parse_bridges);  // refuses anything else
  url.bridges = given.text("bridges");
  url.name = given.text("name");
  url.qr = given.flag("qr");
  if (url.hosts.empty()) throw settings_error(EX_USAGE, "--host is needed: this server, as its clients reach it");
  return url;
}

settings::action action_of(const std::string& command) {
  using enum settings::action;
  if (command == "keygen") return keygen;
  if (command == "url") return url;
  if (command == "health") return health;
  if (command == "top") return top;
  return command == "check" ? check : serve;
}

}  // namespace

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  const values given = program::read_options(synopsis, std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  s.key_file = given.text("key-file");
  s.listen = given.each("listen", program::parse_listen_ports);
  s.trusted_proxies = given.each("trust-proxy", program::parse_network);
  s.threads = given.one("threads", parse_threads).value_or(s.threads);
  s.allow = given.each("allow", program::parse_network);
  s.deny = given.each("deny", program::parse_network);
  s.own_addresses = given.each("own-address", program::parse_ip);
  for (const network& block : s.allow) s.destinations.allow(block);
  for (const network& block : s.deny) s.destinations.deny(block);
  for (const ip_address& address : s.own_addresses) s.destinations.add_own(address);
  if (s.listen.empty()) s.listen = {{"", default_port}};
  s.once = given.flag("once");
  s.status = status::status_setting(given, status::server_port);
  s.what = action_of(given.command);
  s.output = given.one("output", parse_file).value_or("");
  using enum settings::action;
  if (s.what == keygen || s.what == health || s.what == top) return s;
  if (s.key_file.empty())
    throw settings_error(EX_USAGE,
                         "--key-file is needed: make one with `mtcp-server keygen --output FILE` (see --help)");
  if (s.what == settings::action::url) s.url = url_of(given);
  return s;
}

}  // namespace mtcp::server
