#include "settings.hpp"

#include <sysexits.h>

#include <algorithm>

#include "mtcp/options.hpp"
#include "program/both_ends.hpp"
#include "program/event_command.hpp"
#include "program/parse.hpp"
#include "program/state_dir.hpp"
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
  mtcp-server keygen --append server.key --user laptop
      a key for one device, in the file of this server's keys, which is made if there is none
  mtcp-server url --key-file server.key --host vpn.example.org --user laptop
      what that device needs, as one URL and as a QR code
  mtcp-server --key-file server.key
      serves on port 8443 of all addresses
  mtcp-server keygen --output mtcp.key
      a key that is the same at both ends, for who runs both: copy the file to the client
  mtcp-server --key-file server.key --listen :443 --allow 10.0.0.0/8 --deny 10.0.0.1
      another port, and a private network that clients may reach, but for one address
  mtcp-server --key-file server.key --allow-listen *:8000-8010
      clients may offer services of their own at these ports: mtcp-client --reverse 8000=127.0.0.1:80)",
    program::with_sandbox({
        {"key-file", "FILE", "file with the keys of the clients, one per line; it must belong to you alone"},
        {"listen", "HOST:PORT[-LAST]",
         "where clients connect (all addresses, port 8443); a range of ports is for clients whose "
         "network treats single ports badly",
         option::arity::repeated},
        {"allow", "CIDR", "let clients reach these addresses, for example 192.168.1.0/24", option::arity::repeated},
        {"deny", "CIDR", "keep clients from these addresses", option::arity::repeated},
        {"deny-port", "PORT|none",
         "keep clients from this port of every destination (25, where mail servers take spam); a key of its own may "
         "open it",
         option::arity::repeated},
        {"own-address", "ADDRESS",
         "an address that leads here and is on no interface (NAT, containers); clients may not reach it",
         option::arity::repeated},
        {"allow-listen", "[ADDRESS:]PORT[-LAST]",
         "let clients have this server listen there for what they lead to (mtcp-client --reverse); without ADDRESS on "
         "loopback, with * on all addresses. Nowhere, unless it is given",
         option::arity::repeated},
        {"local-names", "",
         "let clients name what this machine's hosts file and search list know; else their names are those of the DNS",
         option::arity::flag},
        {"trust-proxy", "CIDR",
         "load balancers, whose connections begin with a PROXY protocol header of version 2, and nobody else's",
         option::arity::repeated},
        {"keep-alive", "TIME|off",
         "probe a destination that has said nothing for so long (60s), and let go of it after as long again without an "
         "answer"},
        program::resume_option(),
        {"threads", "N",
         "threads to spread clients over, 1 to 64 (1); a client's tunnel stays in one, so more than one serve several"},
        {"fallback", "HOST:PORT",
         "carry whoever is no client to this web server instead of closing, untouched from the first byte, so that the "
         "port looks and answers as that site"},
        {"audit-log", "FILE",
         "append a line of JSON for each tunnel, stream and association to FILE: whose, from where, to where, how "
         "much; "
         "SIGHUP opens it anew"},
        {"memory", "SIZE",
         "memory for this server, of which three quarters are for streams; when they are used up the largest are reset "
         "(three quarters of the limit that the control group has, or half of the machine's)"},
        program::state_dir_option("what keys have carried in this month, the totals of users, and their history"),
        program::on_event_option("tunnel-up, tunnel-down, quota-used-up"),
        {"no-test", "", "refuse `mtcp-client test`, which measures the line to this server", option::arity::flag},
        program::hedge_option(),
        program::protocol_option(),
        status::status_option(status::server_port),
        status::status_host_option(),
        status::control_option(),
    }),
    {{"keygen",
      "print a new key, and end",
      {{"output", "FILE", "write the key into FILE, for you alone, unless there is one already; print nothing"},
       {"append", "FILE",
        "add a key for one more client to FILE, for you alone: one of version 2, with which nobody but this server "
        "passes for the server"},
       {"user", "NAME", "whose key it is; give each device one of its own"}}},
     {"url",
      "print the URL that takes a client here, and end; it holds the key",
      {{"host", "HOST:PORT", "this server, as its clients reach it (port 8443)", option::arity::repeated},
       {"user", "NAME|ID", "whose key, if --key-file holds several"},
       {"bridges", "N", "TCP connections that the client makes to each host: 1 to 64, or auto"},
       {"name", "TEXT", "what the client's user is to read"},
       {"qr", "", "print a QR code too, even if standard output is no terminal", option::arity::flag}},
      {"key-file", "config"}},
     program::using_options(status::health_command(), {"control", "status", "config"}),
     program::using_options(top::top_command(), {"control", "status", "config"}),
     program::using_options(status::reload_command(), {"control", "config"}),
     {"check", "read all settings and the keys, print what they say, and end"}}};

unsigned parse_threads(const std::string& text) { return program::parse_number(text, 1, 64); }

/// 0 for none.
std::uint16_t parse_denied_port(const std::string& text) {
  return text == "none" ? std::uint16_t{0} : static_cast<std::uint16_t>(program::parse_number(text, 1, 65'535));
}

std::uint64_t parse_memory(const std::string& text) {
  constexpr std::uint64_t least = 128'000'000;
  const std::uint64_t size = program::parse_size(text);
  if (size < least) throw std::invalid_argument("expected 128MB or more");
  return size;
}

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
  if (command == "reload") return reload;
  return command == "check" ? check : serve;
}

}  // namespace

std::vector<platform::file_grant> files_of(const settings& s) {
  using enum platform::file_use;
  std::vector<platform::file_grant> all = program::files_of(s.sandbox);
  all.push_back({s.key_file, read});
  if (!s.audit_log.empty()) all.push_back({s.audit_log, append});
  if (!s.status.control.empty()) all.push_back({s.status.control, remove});
  return all;
}

program::capabilities capabilities_of(const settings& s, const std::vector<listen_rule>& of_keys) {
  const auto is_low = [](const listen_rule& rule) { return rule.last != 0 && rule.first < 1024; };
  const bool any_low = std::ranges::any_of(s.allow_listen, is_low) || std::ranges::any_of(of_keys, is_low);
  return any_low ? program::for_ports_below_1024() : program::capabilities();
}

settings read_settings(std::vector<std::string> arguments, const program::environment& variables) {
  const values given = program::read_options(synopsis, std::move(arguments), variables);
  settings s;
  s.log_level = given.one("log-level", program::parse_log_level).value_or(s.log_level);
  s.key_file = given.text("key-file");
  s.listen = given.each("listen", program::parse_listen_ports);
  s.trusted_proxies = given.each("trust-proxy", program::parse_network);
  s.threads = given.one("threads", parse_threads).value_or(s.threads);
  s.resume_timeout = given.one("resume-timeout", program::parse_duration).value_or(s.resume_timeout);
  s.keep_alive = given.one("keep-alive", program::parse_keep_alive).value_or(s.keep_alive);
  s.min_protocol = given.one("min-protocol", program::parse_protocol).value_or(s.min_protocol);
  s.hedge = given.one("hedge", program::parse_hedge).value_or(s.hedge);
  s.allow = given.each("allow", program::parse_network);
  s.deny = given.each("deny", program::parse_network);
  s.allow_listen = given.each("allow-listen", parse_listen_rule);
  s.own_addresses = given.each("own-address", program::parse_ip);
  if (given.has("deny-port")) s.denied_ports = given.each("deny-port", parse_denied_port);
  std::erase(s.denied_ports, 0);
  for (const std::uint16_t port : s.denied_ports) s.destinations.deny_port(port);
  s.memory = given.one("memory", parse_memory).value_or(0);
  for (const network& block : s.allow) s.destinations.allow(block);
  for (const network& block : s.deny) s.destinations.deny(block);
  for (const ip_address& address : s.own_addresses) s.destinations.add_own(address);
  if (s.listen.empty()) s.listen = {{"", default_port}};
  s.local_names = given.flag("local-names");
  s.tests = !given.flag("no-test");
  s.fallback = given.one("fallback", program::parse_destination);
  s.audit_log = given.one("audit-log", parse_file).value_or("");
  s.once = given.flag("once");
  s.state_dir = given.text("state-dir");
  s.on_event = program::on_event_of(given);
  s.sandbox = program::sandbox_setting_of(given);
  s.sandbox.keeps = s.state_dir;
  s.what = action_of(given.command);
  const bool asks = s.what != settings::action::serve;
  s.status = status::status_setting(given, status::server_port, "mtcp-server", variables, asks);
  s.keygen = {given.one("output", parse_file).value_or(""), given.one("append", parse_file).value_or(""),
              given.text("user")};
  using enum settings::action;
  if (s.what == keygen || s.what == health || s.what == top || s.what == settings::action::reload) return s;
  if (s.key_file.empty())
    throw settings_error(
        EX_USAGE, "--key-file is needed: make one with `mtcp-server keygen --append FILE --user NAME` (see --help)");
  if (s.what == settings::action::url) s.url = url_of(given);
  return s;
}

}  // namespace mtcp::server
