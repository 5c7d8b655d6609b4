#include "mtcp/proxy/route_table.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <tuple>

#include "mtcp/core/base/ascii.hpp"
#include "mtcp/core/wire/host.hpp"
#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

using bytes_view = std::span<const std::byte>;
using kind = route_table::decision::kind;

constexpr const char* expected =
    "expected a block of addresses (10.0.0.0/8), an address, .SUFFIX, a name, tcp:PORT or udp:PORT";

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

/// ::ffff:0:0/96 (RFC 4291, section 2.5.5.2).
bool is_mapped(const core::address_bits& bits) {
  return bits.size == 128 && bits.high == 0 && bits.low >> 32 == 0xffff;
}

core::address_bits unmapped(const core::address_bits& bits) {
  if (!is_mapped(bits)) return bits;
  return {.high = bits.low << 32, .size = 32};
}

bool ends_within(const core::address_bits& bits, unsigned length) {
  for (unsigned i = length; i < bits.size; ++i)
    if (bits.at(i)) return false;
  return true;
}

/// The text of a block, for people.
std::string block_text(core::address_bits bits, unsigned length) {
  std::array<std::byte, 16> bytes{};
  for (unsigned i = 0; i < length; ++i)
    if (bits.at(i)) bytes[i / 8] |= std::byte{0x80} >> (i % 8);
  const std::string base = address_text(bytes_view(bytes).first(bits.size / 8));
  return length == bits.size ? base : base + '/' + std::to_string(length);
}

const char* to_string(transport over) { return over == transport::tcp ? "tcp" : "udp"; }

std::string port_text(std::uint16_t port, transport over) {
  return std::string(to_string(over)) + ':' + std::to_string(port);
}

std::size_t labels_of(std::string_view name) { return static_cast<std::size_t>(std::ranges::count(name, '.')) + 1; }

bool is_label(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, fits);
}

/// Lower-case labels, of which the last is no number: that would be an address, if it were one.
bool is_name(std::string_view name) {
  for (std::string_view rest = name;;) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return rest.find_first_not_of("0123456789") != std::string_view::npos;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<core::address_bits> literal_bits(std::string_view host) {
  if (host.find(':') == std::string_view::npos && host.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  const address_bytes literal = parse_address_bytes(std::string(host.substr(0, host.find('%'))));
  if (literal.size == 0) return std::nullopt;
  return unmapped(core::address_bits::of(literal.bytes()));
}

bool is_loopback_name(std::string_view host) {
  constexpr std::string_view name = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < name.size()) return false;
  const std::string_view rest = host.substr(0, host.size() - name.size());
  return (rest.empty() || rest.ends_with('.')) && core::equal_without_case(host.substr(rest.size()), name);
}

const char* to_string(route to) noexcept {
  static constexpr const char* texts[] = {"tunnel", "direct", "block"};  // in the order of the enumerators
  return texts[static_cast<std::size_t>(to)];
}

void route_table::entry::say(const verdict& more) {
  if (!is_set || more.to > what.to) what = more;
  is_set = true;
}

// ---- rules ----

void route_table::add(std::string_view rule, verdict what) {
  if (!add_port(rule, what) && !add_block(rule, what)) add_name(rule, what);
}

std::uint32_t route_table::add_source(std::string name) {
  sources_.push_back(std::move(name));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

bool route_table::add_port(std::string_view rule, const verdict& what) {
  const std::string_view word = rule.substr(0, 4);
  if (word != "tcp:" && word != "udp:") return false;
  const auto port = parse_number(rule.substr(4), 65535);
  if (!port || *port == 0) throw std::invalid_argument("expected a port from 1 to 65535 behind " + std::string(word));
  entry& e = ports_[{word == "tcp:" ? transport::tcp : transport::udp, static_cast<std::uint16_t>(*port)}];
  size_ += !e.is_set;
  e.say(what);
  return true;
}

bool route_table::add_block(std::string_view rule, const verdict& what) {
  const auto slash = rule.find('/');
  std::string_view base = rule.substr(0, slash);
  if (base.starts_with('[') && base.ends_with(']')) base = base.substr(1, base.size() - 2);
  const address_bytes literal = parse_address_bytes(std::string(base));
  if (literal.size == 0) {
    if (slash != std::string_view::npos) throw std::invalid_argument(expected);
    return false;
  }
  auto bits = core::address_bits::of(literal.bytes());
  auto length = slash == std::string_view::npos ? bits.size : parse_number(rule.substr(slash + 1), bits.size);
  if (!length) throw std::invalid_argument("expected a prefix of 0 to " + std::to_string(bits.size) + " bits");
  if (!ends_within(bits, *length))
    throw std::invalid_argument("bits behind the prefix are set; did you mean " + block_text(bits, *length) + "?");
  if (is_mapped(bits) && *length >= 96) {
    bits = unmapped(bits);
    *length -= 96;
  }
  const auto [e, is_new] = blocks_.insert(bits, *length);
  size_ += is_new;
  e->say(what);
  return true;
}

void route_table::add_name(std::string_view rule, const verdict& what) {
  const bool is_suffix = rule.starts_with('.');
  std::string name = core::lower_case(rule.substr(is_suffix));
  if (name.ends_with('.')) name.pop_back();
  if (name.starts_with("*.")) throw std::invalid_argument("write ." + name.substr(2) + ": that name and all below it");
  if (name.size() > core::max_host_size || !is_name(name)) throw std::invalid_argument(expected);
  most_labels_ = std::max(most_labels_, labels_of(name));
  name_entry& both = names_[std::move(name)];
  entry& e = is_suffix ? both.below : both.name;
  size_ += !e.is_set;
  e.say(what);
}

// ---- decisions ----

route_table::decision route_table::find(std::string_view host, std::uint16_t port, transport over) const {
  if (const auto bits = literal_bits(host)) return find_address(*bits, port, over);
  const decision best = find_port(port, over);
  if (names_.empty() || host.size() > core::max_host_size) return best;
  std::array<char, core::max_host_size> lower;
  std::ranges::transform(host, lower.begin(), [](char c) { return core::lower_case(c); });
  std::string_view name(lower.data(), host.size());
  if (name.ends_with('.')) name.remove_suffix(1);
  return find_name(name, best);
}

route_table::decision route_table::find_address(const core::address_bits& address, std::uint16_t port,
                                                transport over) const {
  const decision by_port = find_port(port, over);
  const auto [found, length] = blocks_.find(address);
  if (found == nullptr) return by_port;
  const bool as_long = by_port.by == kind::port && length == 0;
  if (as_long && by_port.what.to >= found->what.to) return by_port;
  return {kind::block, found->what, length};
}

route_table::decision route_table::find_port(std::uint16_t port, transport over) const {
  const auto found = ports_.find({over, port});
  if (found == ports_.end()) return {};
  return {kind::port, found->second.what, 0};
}

route_table::decision route_table::find_name(std::string_view name, decision otherwise) const {
  std::size_t labels = labels_of(name);
  for (std::string_view rest = name;; --labels) {
    const auto found = labels <= most_labels_ ? names_.find(rest) : names_.end();
    const auto length = static_cast<unsigned>(rest.size());
    if (found != names_.end()) {
      if (found->second.name.is_set && rest.size() == name.size()) return {kind::name, found->second.name.what, length};
      if (found->second.below.is_set) return {kind::suffix, found->second.below.what, length};
    }
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) return otherwise;
    rest.remove_prefix(dot + 1);
  }
}

// ---- words ----

std::string route_table::describe(const decision& d, std::string_view host, std::uint16_t port, transport over) const {
  std::string out = std::string("--") + to_string(d.what.to) + ' ';
  if (d.by == kind::port) out += port_text(port, over);
  if (d.by == kind::block) out += block_text(literal_bits(host).value_or(core::address_bits{}), d.length);
  if (d.by == kind::suffix) out += '.';
  if (d.by == kind::suffix || d.by == kind::name) {
    if (host.ends_with('.')) host.remove_suffix(1);
    out += core::lower_case(host.substr(host.size() - std::min<std::size_t>(host.size(), d.length)));
  }
  if (d.what.source != 0) out += " (" + sources_[d.what.source] + ", line " + std::to_string(d.what.line) + ")";
  return out;
}

std::vector<route_table::listed> route_table::list() const {
  std::vector<listed> out;
  out.reserve(size_);
  for (const auto& [key, e] : ports_)
    out.push_back({.by = kind::port, .to = e.what.to, .over = key.first, .port = key.second});
  blocks_.each([&out](const core::address_bits& bits, unsigned length, const entry& e) {
    out.push_back({.by = kind::block, .to = e.what.to, .bits = bits, .length = length});
  });
  for (const auto& [name, both] : names_) {
    if (both.name.is_set) out.push_back({.by = kind::name, .to = both.name.what.to, .text = name});
    if (both.below.is_set) out.push_back({.by = kind::suffix, .to = both.below.what.to, .text = name});
  }
  std::ranges::sort(out, {}, [](const listed& l) {
    return std::tie(l.by, l.text, l.bits.size, l.bits.high, l.bits.low, l.length, l.over, l.port);
  });
  return out;
}

}  // namespace mtcp::proxy
