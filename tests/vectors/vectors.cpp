#include "vectors/vectors.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/key.hpp"
#include "mtcp/net/tls/psk_identity.hpp"
#include "mtcp/net/tls/secure_channel.hpp"
#include "mtcp/server_identity.hpp"
#include "vectors/hex.hpp"

namespace mtcp::vectors {
namespace {

using json = nlohmann::ordered_json;
using bytes = std::vector<std::byte>;
using core::frame_type;

// Id 00 01 .. 07, secret 00 01 .. 1f.
constexpr std::string_view key_text = "mtcp1-aaaqeayeaudaoaabaibqibiga4eascqlbqgq4dyqcejbgfavcylrqgi2dmob2hq7go5akra";

// The same id and secret, and the public key of the server below, whose private key is 60 61 .. 7f.
constexpr std::string_view second_key_text =
    "mtcp2-"
    "aaaqeayeaudaoaabaibqibiga4eascqlbqgq4dyqcejbgfavcylrqgi2dmob2hq7m5o5k5hno6etccz5fz3id43zbndgy5z3cuq75tzwk54vqny6"
    "uux2afzrdq";
constexpr std::string_view server_text = "mtcp2-server-mbqwey3emvtgo2djnjvwy3lon5yhc4ttor2xm53ypf5hw7d5pz7u4fhemi";

// first, first + 1, ...
template <std::size_t N>
std::array<std::byte, N> counting(unsigned first) {
  std::array<std::byte, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::byte>(first + i);
  return out;
}

json describe(const key& k) {
  return {{"text", key_text},
          {"id", to_hex(k.id().bytes)},
          {"identity_key", to_hex(k.identity_key().bytes())},
          {"tls_psk", to_hex(k.tls_psk().bytes())},
          {"mac_key", to_hex(k.mac_key().bytes())}};
}

secret_bytes counting_secret(unsigned first) {
  secret_bytes out;
  std::ranges::copy(counting<secret_bytes::size>(first), out.writable().begin());
  return out;
}

json identity_of(const key& k) {
  return {{"nonce", to_hex(counting<16>(0x40))}, {"identity", to_hex(name_key(k, {}, counting_secret(0x40)).identity)}};
}

// A key of version 2 with the same id and secret, its server and how it is named.
json second_version() {
  const key k = key::parse(second_key_text);
  const server_identity server = server_identity::parse(server_text);
  const secret_bytes ephemeral = counting_secret(0xa0);
  constexpr std::uint64_t time = 1'800'000'000;
  const named_key named = name_key(k, std::chrono::sys_seconds(std::chrono::seconds(time)), ephemeral);
  return {{"text", second_key_text},
          {"id", to_hex(k.id().bytes)},
          {"tls_psk", to_hex(k.tls_psk().bytes())},
          {"mac_key", to_hex(k.mac_key().bytes())},
          {"server_text", server_text},
          {"server_private_key", to_hex(server.private_key().bytes())},
          {"server_public_key", to_hex(server.public_key())},
          {"ephemeral_private_key", to_hex(ephemeral.bytes())},
          {"time", time},
          {"identity", to_hex(named.identity)},
          {"connection_psk", to_hex(named.psk.bytes())}};
}

json describe(const std::vector<core::bridge_count>& counts) {
  json out = json::array();
  for (const auto& c : counts) out.push_back({{"bridge", c.bridge}, {"count", c.count}});
  return out;
}

json describe(const core::extension_list& extensions) {
  json out = json::array();
  for (const auto& e : extensions.entries()) out.push_back({{"type", e.type}, {"value", to_hex(e.value)}});
  return out;
}

// The end of both messages.
void describe(json& to, const core::peer_limits& limits, const std::vector<core::bridge_count>& counts,
              const core::extension_list& extensions) {
  to["tunnel_credit"] = limits.tunnel_credit;
  to["early_limit"] = limits.early_limit;
  to["stream_limit"] = limits.max_streams;
  to["lost_bridges"] = describe(counts);
  to["extensions"] = describe(extensions);
}

json describe(const core::hello& m) {
  json out{{"version", m.version},
           {"session_id", to_hex(m.session)},
           {"join_secret", to_hex(m.secret)},
           {"server_instance_id", to_hex(m.instance)},
           {"bridge_id", m.bridge},
           {"role", core::plain_role(m.options.role)},
           {"direction", static_cast<int>(m.options.carries)},
           {"rate_limit", m.options.rate_limit}};
  describe(out, m.limits, m.counts, m.extensions);
  return out;
}

json describe(const core::welcome& m) {
  json out{{"version", m.version},
           {"status", static_cast<int>(m.status)},
           {"server_instance_id", to_hex(m.instance)},
           {"session_id", to_hex(m.session)},
           {"join_secret", to_hex(m.secret)}};
  describe(out, m.limits, m.counts, m.extensions);
  return out;
}

template <class Message>
json greeting(std::string_view name, const key& k, std::string_view label, const Message& message) {
  const auto exporter = counting<32>(0xc0);
  bytes frame = core::encode(message);
  const auto mac = bind_to(k, exporter, label, std::span(frame).first(frame.size() - core::mac_size));
  std::ranges::copy(mac, frame.end() - core::mac_size);
  return {{"name", name},
          {"label", label},
          {"exporter", to_hex(exporter)},
          {"fields", describe(message)},
          {"frame", to_hex(frame)}};
}

core::hello creating() {
  core::hello m;
  m.bridge = 1;
  m.limits = {.tunnel_credit = 268'435'456, .early_limit = 8192, .max_streams = 16384};
  m.extensions.add(core::extension::resume_timeout, 60'000);
  m.extensions.add(core::unassigned_extension(1), {});
  return m;
}

core::welcome created() {
  core::welcome m;
  m.instance = counting<16>(0x60);
  m.session = counting<16>(0x70);
  m.secret = counting<32>(0x80);
  m.limits = {.tunnel_credit = 268'435'456, .early_limit = 8192, .max_streams = 16384};
  m.extensions.add(core::extension::resume_timeout, 30'000);
  return m;
}

core::hello joining() {
  core::hello m = creating();
  m.session = created().session;
  m.secret = created().secret;
  m.instance = created().instance;
  m.bridge = 300;
  m.options = {
      .role = core::path_role::overflow, .carries = core::bridge_options::direction::down, .rate_limit = 6'250'000};
  m.counts = {{1, 123'456'789'012}, {2, 0}};
  m.extensions = {};
  m.extensions.add(core::extension::role, static_cast<std::uint64_t>(m.options.role));
  return m;
}

struct field {
  std::string_view name;
  std::uint64_t value;
};

json frame(std::string_view name, json fields, std::span<const std::byte> whole) {
  return {{"type", name}, {"fields", std::move(fields)}, {"frame", to_hex(whole)}};
}

template <class PutFields>
bytes framed(frame_type type, PutFields put_fields) {
  bytes out(1024);
  const std::span<std::byte> whole(out);
  core::wire_writer body(whole.subspan(core::frame_header_size));
  put_fields(body);
  core::put_frame_header(whole.first<core::frame_header_size>(), type, body.size());
  out.resize(core::frame_header_size + body.size());
  return out;
}

// A frame of integers, and bytes behind them.
json of_integers(std::string_view name, frame_type type, std::initializer_list<field> fields,
                 std::string_view rest = {}) {
  const auto raw = std::as_bytes(std::span(rest));
  json described = json::object();
  for (const field& f : fields) described[std::string(f.name)] = f.value;
  if (!rest.empty()) described["bytes"] = to_hex(raw);
  return frame(name, described, framed(type, [&](core::wire_writer& body) {
                 for (const field& f : fields) body.varint(f.value);
                 body.bytes(raw);
               }));
}

json of_address(std::string_view name, frame_type type, std::uint64_t stream, std::uint64_t window, std::uint16_t port,
                std::string_view host) {
  bytes out(1024);
  const std::size_t size = core::put_open_frame(out, type, stream, window, port, host);
  return frame(name, {{"stream", stream}, {"window", window}, {"port", port}, {"host", host}},
               std::span(out).first(size));
}

json acknowledgement() {
  bytes out(64);
  const std::size_t size = core::put_frame(out, frame_type::ack, 2U, 1U, 5U, 250U, 2U, 5U, 1000U);
  const json first{{"bridge", 1}, {"count", 5}, {"delay", 250}}, second{{"bridge", 2}, {"count", 5}, {"delay", 1000}};
  return frame("ACK", {{"entries", json::array({first, second})}}, std::span(out).first(size));
}

json datagram() {
  const std::string_view host = "192.0.2.53";
  const auto payload = std::as_bytes(std::span(std::string_view("a question")));
  const json fields{{"stream", 2}, {"port", 53}, {"host", host}, {"bytes", to_hex(payload)}};
  return frame("DATAGRAM", fields, framed(frame_type::datagram, [&](core::wire_writer& body) {
                 body.varint(2);
                 body.varint(53);
                 body.string(host);
                 body.bytes(payload);
               }));
}

json accepted() {
  constexpr std::string_view host = "192.0.2.9";
  bytes out(64);
  const std::size_t size = core::put_accepted_frame(out, 2, 1'048'576, 1, 4711, host);
  return frame("ACCEPTED", {{"stream", 2}, {"window", 1'048'576}, {"listener", 1}, {"port", 4711}, {"host", host}},
               std::span(out).first(size));
}

json frames() {
  return json::array(
      {of_integers("PATH", frame_type::path, {{"bridge", 1}, {"role", 1}, {"direction", 2}, {"rate_limit", 6'250'000}}),
       of_integers("PATH", frame_type::path, {{"bridge", 2}, {"role", 2}, {"direction", 0}, {"rate_limit", 0}}),
       of_address("OPEN", frame_type::open, 1, 1'048'576, 443, "example.org"),
       of_address("OPEN", frame_type::open, 2, 65'536, 0, ""),
       of_address("OPENED", frame_type::opened, 1, 1'048'576, 54'321, "192.0.2.7"),
       of_integers("REFUSED", frame_type::refused, {{"stream", 1}, {"code", 5}}),
       of_integers("DATA", frame_type::data, {{"stream", 1}, {"offset", 0}}, "hello, world"),
       of_integers("DATA", frame_type::data, {{"stream", 1}, {"offset", 20'000}}, "x"),
       of_integers("FIN", frame_type::fin, {{"stream", 1}, {"final_offset", 12}}),
       of_integers("RESET", frame_type::reset, {{"stream", 1}, {"code", 1}, {"final_offset", 12}}),
       of_integers("STOP", frame_type::stop, {{"stream", 1}, {"code", 1}}),
       of_integers("WINDOW", frame_type::window, {{"stream", 1}, {"limit", 2'097'152}}),
       of_integers("WINDOW", frame_type::window, {{"stream", 0}, {"limit", 4'294'967'296}}),
       acknowledgement(),
       of_integers("PING", frame_type::ping, {{"number", 1}}),
       of_integers("PONG", frame_type::pong, {{"number", 1}}),
       of_integers("BRIDGE_CLOSED", frame_type::bridge_closed, {{"bridge", 2}, {"count", 5}}),
       datagram(),
       of_integers("GOAWAY", frame_type::goaway, {{"reserved", 0}}),
       of_integers("BRIDGE_SUSPECT", frame_type::bridge_suspect, {{"bridge", 1}}),
       of_address("LISTEN", frame_type::listen, 1, 8192, 8080, ""),
       accepted(),
       of_integers("unknown", static_cast<frame_type>(0x7f), {}, "to be skipped")});
}

}  // namespace

json make() {
  const key k = key::parse(key_text);
  return {{"key", describe(k)},
          {"identity", identity_of(k)},
          {"version_2", second_version()},
          {"greetings", json::array({greeting("HELLO, create", k, "mtcp1 hello", creating()),
                                     greeting("WELCOME", k, "mtcp1 welcome", created()),
                                     greeting("HELLO, join", k, "mtcp1 hello", joining())})},
          {"frames", frames()}};
}

}  // namespace mtcp::vectors
