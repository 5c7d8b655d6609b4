#include "mtcp/proxy/pac.hpp"

#include <algorithm>
#include <string_view>

namespace mtcp::proxy {
namespace {

using kind = route_table::decision::kind;

bool is_harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:").find(c) != std::string_view::npos;
}

std::string written(const core::target& proxy) {
  const bool usable = !proxy.host.empty() && std::ranges::all_of(proxy.host, is_harmless);
  const std::string host = usable ? proxy.host : "127.0.0.1";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(proxy.port);
}

/// The family and the bits of a prefix, as a script can compare them: "400001010" for 10.0.0.0/8.
std::string prefix_of(const core::address_bits& bits, unsigned length) {
  std::string out = bits.size == 32 ? "4" : "6";
  for (unsigned i = 0; i < length; ++i) out += bits.at(i) ? '1' : '0';
  return out;
}

std::string member(const std::string& name, const std::string& value) {
  return "\n    \"" + name + "\": " + value + ",";
}

/// {"key": route, ...} of the rules of one kind; routes are their numbers.
std::string table_of(const std::vector<route_table::listed>& all, kind which) {
  std::string out;
  for (const route_table::listed& r : all) {
    if (r.by != which || r.over == transport::udp) continue;
    std::string key = r.text;
    if (which == kind::block) key = prefix_of(r.bits, r.length);
    if (which == kind::port) key = std::to_string(r.port);
    out += (out.empty() ? "\"" : ", \"") + key + "\": " + std::to_string(static_cast<int>(r.to));
  }
  return "{" + out + "}";
}

std::string links_of(const pac_options& options) {
  std::string out;
  for (const auto& [bits, length] : options.links)
    out += (out.empty() ? "\"" : ", \"") + prefix_of(bits, length) + "\"";
  return "[" + out + "]";
}

// ECMAScript 3, for there are browsers and libraries that know no more.
constexpr std::string_view functions = R"js(
function bitsOf(number, count) {
  var bits = "";
  for (var i = count - 1; i >= 0; --i) bits += Math.floor(number / Math.pow(2, i)) % 2;
  return bits;
}
function bitsOfFour(host) {
  var parts = host.split("."), bits = "";
  for (var i = 0; i < 4; ++i) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(parts[i]) || Number(parts[i]) > 255) return "";
    bits += bitsOf(Number(parts[i]), 8);
  }
  return parts.length === 4 ? bits : "";
}
function bitsOfGroups(text) {
  var groups = text === "" ? [] : text.split(":"), bits = "";
  for (var i = 0; i < groups.length; ++i)
    bits += groups[i].indexOf(".") >= 0 ? bitsOfFour(groups[i]) : bitsOf(parseInt(groups[i], 16), 16);
  return bits;
}
// The family and the bits of an address; "" for a name.
function bitsOfAddress(host) {
  if (host.indexOf(":") < 0) {
    var four = bitsOfFour(host);
    return four === "" ? "" : "4" + four;
  }
  var halves = host.replace(/%.*$/, "").split("::"), bits = bitsOfGroups(halves[0]);
  if (halves.length > 1) {
    var tail = bitsOfGroups(halves[1]);
    while (bits.length + tail.length < 128) bits += "0";
    bits += tail;
  }
  var mapped = bitsOf(0, 80) + bitsOf(65535, 16);
  return bits.indexOf(mapped) === 0 ? "4" + bits.substring(96) : "6" + bits;
}
function has(table, key) { return Object.prototype.hasOwnProperty.call(table, key); }
function portOf(url) {
  var found = /^[a-z]+:\/\/[^\/?#]*:([0-9]+)([\/?#]|$)/.exec(url);
  return found ? found[1] : /^(https|wss):/.test(url) ? "443" : /^ftp:/.test(url) ? "21" : "80";
}
// 0: tunnel, 1: direct, 2: block; -1: no rule says.
function ruled(host, bits, port) {
  var byPort = has(rules.ports, port) ? rules.ports[port] : -1;
  if (bits !== "") {
    for (var length = bits.length; length > 0; --length) {
      var prefix = bits.substring(0, length);
      if (has(rules.blocks, prefix)) return length > 1 ? rules.blocks[prefix] : Math.max(rules.blocks[prefix], byPort);
    }
    return byPort;
  }
  if (has(rules.names, host)) return rules.names[host];
  for (var rest = host; ; rest = rest.substring(rest.indexOf(".") + 1)) {
    if (has(rules.suffixes, rest)) return rules.suffixes[rest];
    if (rest.indexOf(".") < 0) return byPort;
  }
}
function isNear(host, bits) {
  if (bits === "") return rules.loopback && /(^|\.)localhost$/.test(host);
  if (bits.indexOf("401111111") === 0 || bits === "6" + bitsOf(1, 128)) return rules.loopback;
  for (var i = 0; i < rules.links.length; ++i) if (bits.indexOf(rules.links[i]) === 0) return true;
  return false;
}
function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  var bits = bitsOfAddress(host), route = ruled(host, bits, portOf(url.toLowerCase()));
  if (route === 1 || (route < 0 && isNear(host, bits))) return "DIRECT";
  return proxy;
}
)js";

}  // namespace

std::string proxy_pac(const core::target& proxy, const pac_options& options) {
  const std::string where = written(proxy);
  const std::string socks = "SOCKS5 " + where, http = "PROXY " + where;
  const std::string named = "\"" + (options.with_users ? http : socks + "; " + http) + "\"";
  const bool told = options.rules == nullptr || options.rules->size() <= max_pac_rules;
  if (!told) return "function FindProxyForURL(url, host) {\n  return " + named + ";\n}\n";
  std::vector<route_table::listed> all;
  if (options.rules != nullptr) all = options.rules->list();
  return "var proxy = " + named + ";\nvar rules = {" + member("names", table_of(all, kind::name)) +
         member("suffixes", table_of(all, kind::suffix)) + member("blocks", table_of(all, kind::block)) +
         member("ports", table_of(all, kind::port)) + member("links", links_of(options)) +
         "\n    \"loopback\": " + (options.loopback ? "true" : "false") + "\n};" + std::string(functions);
}

}  // namespace mtcp::proxy
