#include "command_line.hpp"

#include <algorithm>

#include "line/command.hpp"
#include "program/both_ends.hpp"
#include "program/event_command.hpp"
#include "program/state_dir.hpp"
#include "rule_options.hpp"
#include "status/program.hpp"
#include "top/top.hpp"

namespace mtcp::client {
namespace {

using program::option;

std::vector<option> with_rules(std::vector<option> options) {
  const auto more = rule_options();
  const auto place = std::ranges::find(options, "status", &option::name);
  options.insert(place, more.begin(), more.end());
  return options;
}

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
  mtcp-client --key-file mtcp.key --server vpn.example.org --reverse 8080=127.0.0.1:80
      the other way round: port 8080 of the server leads to a web server here
  mtcp-client --url-file mtcp.url
      the same from one URL (mtcp://KEY@HOST:PORT), as `mtcp-server url` prints it
  mtcp-client --key-file mtcp.key --path server=vpn.example.org:8443,interface=eth0 \
              --path server=vpn.example.org:8443,interface=wwan0,role=backup,rate=20mbit
      two ways at once, the second for when the first is gone; role=overflow: for when it is full, too

The key is the line that the server's `mtcp-server keygen` made for this device; its file must belong to you alone
(chmod 600).)",
    program::with_sandbox(with_rules({
        {"key-file", "FILE", "file with the key that the server knows"},
        {"url-file", "FILE|-",
         "instead of --key-file and --server: file with the URL that `mtcp-server url` printed; - reads standard "
         "input. Several are several servers in order of preference: new connections take the first that works",
         option::arity::repeated},
        {"tunnels", "JSON",
         "in the file: such servers as objects, each with url-file, or key-file and server or path, and with bridges, "
         "bind, rotate and pace",
         option::arity::repeated, false, true},
        {"server", "HOST:PORT[-LAST]",
         "where the server listens (port 8443); of a range of ports each dial takes another; several addresses of one "
         "server are used at once",
         option::arity::repeated},
        {"bridges", "N", "TCP connections to each server: 1 to 64, or auto: as many as help, 2 to 64 (default)"},
        {"bind", "ADDRESS|INTERFACE",
         "dial from this local address, or through this interface, or through each that fits a pattern ('*') and has a "
         "default route"},
        {"rotate", "auto|off|SIZE|TIME",
         "replace bridges that the network slows down or ends over their life: as it is found to do (auto), or before "
         "they have carried SIZE (64MB), or at an age of TIME (20s)"},
        {"pace", "auto|TIME", "pause between two dials (1400ms), for networks that block who dials too often"},
        {"proxy", "URL",
         "reach every server through this proxy, which is given its name: socks5://[USER@]HOST:PORT or "
         "http://[USER@]HOST:PORT"},
        {"proxy-password-file", "FILE", "file with the password of USER; it must belong to you alone"},
        {"path", "PATH",
         "instead of --server, --bridges, --bind, --rotate, --pace and --proxy: server=HOST:PORT and any of "
         "bind=ADDRESS, interface=NAME|PATTERN, bridges=N, role=active|backup|overflow|never, direction=both|up|down, "
         "rate=50mbit, "
         "quota=SIZE/day|month|total, quota-then=never|backup, congestion=bbr, sni=NAME, mss=BYTES, "
         "rotate=auto|off|SIZE|TIME, "
         "pace=TIME, proxy=URL, proxy-password-file=FILE, "
         "name=NAME, with "
         "commas between. A pattern (wl*) makes a path of each interface that fits and has a default route, as long as "
         "it has",
         option::arity::repeated, true},
        program::hedge_option(),
        program::protocol_option(),
        {"socks", "HOST:PORT|none",
         "where applications find the proxy (127.0.0.1:1080): SOCKS5 with UDP, SOCKS4, SOCKS4a and HTTP on one port; "
         "a name stands for all of its addresses",
         option::arity::repeated},
        {"socks-open", "", "let --socks be reached from other machines, without a password", option::arity::flag},
        {"users-file", "FILE",
         "ask for a password: a line NAME:PASSWORD for each user; it must belong to you alone. SOCKS4 is refused then"},
        {"udp-advertise", "ADDRESS",
         "where applications are told to send their UDP, if they reach this machine under another address "
         "(containers)"},
        {"keep-alive", "TIME|off",
         "probe an application that has said nothing for so long (60s), and let go of it after as long again without "
         "an "
         "answer"},
        {"connect-wait", "TIME",
         "while no bridge is up, refuse requests after so long (5s), at first those that wait; the client goes on "
         "dialling"},
        program::resume_option(),
        program::state_dir_option("what paths with a quota have carried, the totals, and the history of the paths"),
        program::on_event_option("path-up, path-down, quota-used-up, tunnel-up, tunnel-down"),
        {"no-destinations", "",
         "count what is carried without destinations: none is kept, neither in memory nor in the --state-dir, once its "
         "stream is over",
         option::arity::flag},
        {"fast-open", "",
         "tell applications of success before the destination is reached: one round trip less, and a reset if it fails",
         option::arity::flag},
        {"forward", "LISTEN=HOST:PORT",
         "a local port whose connections all go to one destination; LISTEN is ADDRESS:PORT, or PORT of 127.0.0.1. "
         "Whoever reaches it uses it, without a password",
         option::arity::repeated},
        {"reverse", "LISTEN=HOST:PORT",
         "have the server listen, and lead what it accepts to this destination, as this machine reaches it; LISTEN is "
         "PORT or ADDRESS:PORT at the server, whose --allow-listen has to cover it, and *:PORT all of its addresses",
         option::arity::repeated},
        {"transparent", "HOST:PORT",
         "take what a packet filter sends here and lead it where it was meant to go: TCP by REDIRECT or TPROXY, UDP by "
         "TPROXY; 127.0.0.1:1081 and [::1]:1081 do for both; see GATEWAY.md",
         option::arity::repeated},
        {"mark", "N", "mark what the client itself sends (SO_MARK), so that packet filters and routes know it"},
        status::status_option(status::client_port),
        status::status_host_option(),
        status::control_option(),
    })),
    {program::using_options(status::health_command(), {"control", "status", "config"}),
     program::using_options(top::top_command(), {"control", "status", "config"}),
     program::using_options(status::reload_command(), {"control", "config"}),
     test_command(),
     {"check", "read all settings and the key, print what they say, and end"},
     program::using_options(
         {"env",
          "print what a shell needs to use the proxy, at --socks: eval \"$(mtcp-client env)\"",
          {{"unset", "", "print what takes it away again", option::arity::flag},
           {"fish", "", "for the shell fish: mtcp-client env --fish | source", option::arity::flag}}},
         {"socks", "users-file", "config"})}};

}  // namespace

const program::synopsis& command_line() { return synopsis; }

}  // namespace mtcp::client
