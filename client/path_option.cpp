#include "path_option.hpp"

#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "mtcp/address.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/session/uplinks.hpp"
#include "program/host_ports.hpp"
#include "program/parse.hpp"
#include "proxy_option.hpp"

namespace mtcp::client {
namespace {

using direction = core::bridge_options::direction;
using core::path_role;

template <class Value>
Value choice(const std::string& text, const std::map<std::string, Value>& known) {
  if (const auto it = known.find(text); it != known.end()) return it->second;
  std::string names;
  for (const auto& [name, value] : known) names += (names.empty() ? "" : ", ") + name;
  throw std::invalid_argument("expected one of " + names);
}

std::string not_empty(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("expected something");
  return text;
}

std::string local_address(const std::string& text) {
  if (!zoned_address::parse(text)) throw std::invalid_argument("expected an IP address of this machine");
  return text;
}

std::string server_name(const std::string& text) {
  const std::string plain = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;  // RFC 6066 wants no dot
  if (plain.empty() || plain.find(':') != std::string::npos || zoned_address::parse(plain))
    throw std::invalid_argument("expected a name, such as www.example.org");
  return program::parse_destination(plain + ":443").host;
}

/// Linux takes no others.
unsigned max_segment(const std::string& text) { return static_cast<unsigned>(program::parse_number(text, 88, 32'767)); }

using setter = std::function<void(path_setting&, const std::string&)>;
const std::map<std::string, setter> fields{
    {"server", [](path_options& p, const std::string& v) { set_server(p, program::parse_server(v)); }},
    {"bind", [](path_options& p, const std::string& v) { p.bind = local_address(v); }},
    {"interface", [](path_options& p, const std::string& v) { p.interface = not_empty(v); }},
    {"bridges", [](path_options& p, const std::string& v) { parse_bridges(v).apply_to(p); }},
    {"role", [](path_options& p, const std::string& v) { p.use.role = parse_role(v); }},
    {"direction",
     [](path_options& p, const std::string& v) {
       p.use.carries =
           choice<direction>(v, {{"both", direction::both}, {"up", direction::up}, {"down", direction::down}});
     }},
    {"rate", [](path_options& p, const std::string& v) { p.use.rate_limit = program::parse_rate(v); }},
    {"quota",
     [](path_setting& p, const std::string& v) {
       static_cast<program::quota&>(p.granted) = program::parse_quota(v);
       p.metered = true;
     }},
    {"quota-then", [](path_setting& p, const std::string& v) { p.granted.then = parse_quota_then(v); }},
    {"congestion", [](path_options& p, const std::string& v) { p.congestion = not_empty(v); }},
    {"sni", [](path_options& p, const std::string& v) { p.server_name = server_name(v); }},
    {"mss", [](path_options& p, const std::string& v) { p.max_segment = max_segment(v); }},
    {"rotate", [](path_options& p, const std::string& v) { p.rotate = parse_rotation(v); }},
    {"pace", [](path_options& p, const std::string& v) { p.pace = parse_pace(v); }},
    {"proxy", [](path_options& p, const std::string& v) { p.proxy = parse_proxy(v); }},
    {"proxy-password-file", [](path_setting& p, const std::string& v) { p.proxy_password_file = not_empty(v); }},
    {"name", [](path_options& p, const std::string& v) { p.name = not_empty(v); }},
};

void set_field(path_setting& path, const std::string& pair) {
  const auto equals = pair.find('=');
  const std::string key = pair.substr(0, equals);
  const auto field = fields.find(key);
  if (equals == std::string::npos || field == fields.end())
    throw std::invalid_argument(
        "'" + pair + "' is no field of a path; expected server=HOST:PORT and any of " +
        "bind, interface, bridges, role, direction, rate, quota, quota-then, congestion, sni, mss, "
        "rotate, pace, proxy, proxy-password-file, name");
  try {
    field->second(path, pair.substr(equals + 1));
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(key + ": " + e.what());
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0, comma = 0; comma != std::string::npos; at = comma + 1) {
    comma = text.find(',', at);
    parts.push_back(text.substr(at, comma == std::string::npos ? comma : comma - at));
  }
  return parts;
}

/// What is not the default.
std::string describe(const rotation_options& rotate) {
  using mode = rotation_options::mode;
  if (rotate.when == mode::learnt) return {};
  if (rotate.when == mode::off) return ", no rotation";
  std::ostringstream out;
  out << ", bridges renewed ";
  if (rotate.bytes != 0) out << "before " << static_cast<double>(rotate.bytes) / 1e6 << " MB";
  if (rotate.age.count() != 0) out << "before " << static_cast<double>(rotate.age.count()) / 1e3 << " s";
  return out.str();
}

std::string in_mbit(std::uint64_t bytes_per_second) {
  std::ostringstream out;
  out << static_cast<double>(bytes_per_second) * 8 / 1e6 << " Mbit/s";
  return out.str();
}

}  // namespace

void set_server(path_options& path, const program::host_ports& server) {
  path.host = server.host;
  path.port = server.port;
  path.last_port = server.last_port;
}

rotation_options parse_rotation(const std::string& text) {
  using mode = rotation_options::mode;
  if (text == "auto") return {.when = mode::learnt};
  if (text == "off") return {.when = mode::off};
  try {
    if (text.ends_with('B')) return {.when = mode::planned, .bytes = program::parse_size(text)};
    return {.when = mode::planned, .age = program::parse_duration(text)};
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("expected auto, off, a size such as 64MB, or a time such as 20s");
  }
}

core::path_role parse_role(const std::string& text) {
  return choice<path_role>(text, {{"active", path_role::active},
                                  {"backup", path_role::backup},
                                  {"overflow", path_role::overflow},
                                  {"never", path_role::never}});
}

std::chrono::milliseconds parse_pace(const std::string& text) {
  return text == "auto" ? std::chrono::milliseconds(0) : program::parse_duration(text);
}

std::string describe(const path_setting& path) {
  std::string out = describe(static_cast<const path_options&>(path));
  if (path.granted.any()) out += ", " + in_words(path.granted) + ", then " + core::name_of(path.granted.then);
  return out;
}

std::string describe(const path_options& path) {
  const std::string bridges = path.tune_bridges ? "auto" : std::to_string(path.bridges);
  std::string out = to_string(program::host_ports{path.host, path.port, path.last_port}) + ", " + bridges +
                    (bridges == "1" ? " bridge" : " bridges");
  if (!path.bind.empty()) out += ", from " + path.bind;
  if (is_interface_pattern(path.interface)) {
    out += ", through each interface " + path.interface + " that has a default route";
  } else if (!path.interface.empty()) {
    out += ", through " + path.interface;
  }
  if (path.proxy) out += ", by way of " + url_of(*path.proxy);
  if (path.use.role != path_role::active) out += std::string(", ") + name_of(path.use.role);
  if (path.use.carries == direction::up) out += ", up only";
  if (path.use.carries == direction::down) out += ", down only";
  if (path.use.rate_limit != 0) out += ", at most " + in_mbit(path.use.rate_limit);
  if (!path.congestion.empty()) out += ", " + path.congestion;
  if (!path.server_name.empty()) out += ", called " + path.server_name;
  if (path.max_segment != 0) out += ", packets of " + std::to_string(path.max_segment) + " bytes at most";
  out += describe(path.rotate);
  if (path.pace.count() != 0) out += ", dialled every " + std::to_string(path.pace.count()) + " ms";
  return path.name.empty() ? out : path.name + ": " + out;
}

void bridge_count::apply_to(path_options& path) const {
  path.bridges = start;
  path.tune_bridges = tuned;
}

bridge_count parse_bridges(const std::string& text) {
  const auto fixed = program::parse_bridges(text);
  return fixed ? bridge_count{*fixed, false} : bridge_count{};
}

local_end parse_bind(const std::string& text) {
  if (zoned_address::parse(text)) return {text, ""};
  if (text.find_first_of(":%") != std::string::npos)
    throw std::invalid_argument(
        "expected an IP address, or the name of an interface; a zone (%eth0) stands behind a "
        "link-local address only");
  return {"", not_empty(text)};
}

void check_proxy(const path_setting& path) {
  const bool has_user = path.proxy && !path.proxy->user.empty();
  if (has_user && path.proxy_password_file.empty())
    throw std::invalid_argument("proxy: the user '" + path.proxy->user +
                                "' has a password: put it into a file, and name that by proxy-password-file");
  if (!has_user && !path.proxy_password_file.empty())
    throw std::invalid_argument("proxy-password-file: expected a proxy with a user, such as socks5://USER@HOST:PORT");
  if (path.proxy && path.host.find('%') != std::string::npos)
    throw std::invalid_argument("server: '" + path.host + "' is on a link of this machine, which no proxy reaches");
}

path_setting parse_path(const std::string& text) {
  path_setting path;
  bridge_count{}.apply_to(path);
  std::set<std::string> seen;
  for (const std::string& pair : split(text)) {
    set_field(path, pair);
    if (!seen.insert(pair.substr(0, pair.find('='))).second) throw std::invalid_argument("'" + pair + "': given twice");
  }
  if (path.host.empty()) throw std::invalid_argument("expected server=HOST:PORT");
  if (!path.bind.empty() && is_interface_pattern(path.interface))
    throw std::invalid_argument("bind: an address is of one interface, and " + path.interface + " stands for several");
  if (path.granted.any() && is_interface_pattern(path.interface))
    throw std::invalid_argument("quota: it is of one path, and " + path.interface + " stands for several");
  if (seen.contains("quota-then") && !path.granted.any())
    throw std::invalid_argument("quota-then: there is no quota that could be used up");
  check_proxy(path);
  return path;
}

}  // namespace mtcp::client
