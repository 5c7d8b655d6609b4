#include "mtcp/core/wire/hello.hpp"

#include <algorithm>
#include <cassert>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {

namespace {

// Everything but counts and extensions: at most 3 + 16 + 32 + 16 bytes and 7 integers of 8, with header and MAC.
constexpr std::size_t max_fixed = 192;
constexpr std::size_t max_count_size = 16;
static_assert(max_fixed + max_bridge_counts * max_count_size + max_extension_bytes <= max_control_body);

template <std::size_t N>
void put(wire_writer& to, const std::array<std::byte, N>& field) {
  to.bytes(field);
}

template <std::size_t N>
void take(wire_reader& from, std::array<std::byte, N>& field) {
  const auto bytes = from.bytes(N);
  std::copy(bytes.begin(), bytes.end(), field.begin());
}

void put(wire_writer& to, const peer_limits& limits) {
  to.varint(limits.tunnel_credit);
  to.varint(limits.early_limit);
  to.varint(limits.max_streams);
}

void take(wire_reader& from, peer_limits& limits) {
  limits.tunnel_credit = from.varint();
  limits.early_limit = from.varint();
  limits.max_streams = from.varint();
}

void put(wire_writer& to, const bridge_options& options) {
  to.u8(static_cast<std::uint8_t>(plain_role(options.role)));
  to.u8(static_cast<std::uint8_t>(options.carries));
  to.varint(options.rate_limit);
}

bool take(wire_reader& from, bridge_options& options) {
  const auto role = from.u8();
  const auto carries = from.u8();
  options.role = static_cast<path_role>(role);
  options.carries = static_cast<bridge_options::direction>(carries);
  options.rate_limit = from.varint();
  return role <= 1 && carries <= static_cast<std::uint8_t>(bridge_options::direction::down) &&
         options.rate_limit <= max_rate_limit;
}

void put(wire_writer& to, const std::vector<bridge_count>& counts) {
  assert(counts.size() <= max_bridge_counts);
  to.varint(counts.size());
  for (const bridge_count& c : counts) {
    to.varint(c.bridge);
    to.varint(c.count);
  }
}

bool take(wire_reader& from, std::vector<bridge_count>& counts) {
  const std::uint64_t size = from.varint();
  if (size > max_bridge_counts) return false;
  counts.resize(static_cast<std::size_t>(size));
  for (bridge_count& c : counts) {
    c.bridge = from.varint();
    c.count = from.varint();
    if (c.bridge == 0) return false;
  }
  return true;
}

// The extensions are the last field before the MAC: their size together, then type, length and value of each.
void put(wire_writer& to, const extension_list& extensions) {
  to.varint(extensions.size_in_bytes());
  for (const extension_list::entry& e : extensions.entries()) {
    to.varint(e.type);
    to.varint(e.value.size());
    to.bytes(e.value);
  }
}

bool take(wire_reader& from, extension_list& extensions) {
  const std::uint64_t size = from.varint();
  if (size > max_extension_bytes) return false;
  wire_reader list(from.bytes(size));
  while (from.ok() && !list.complete()) {
    const std::uint64_t type = list.varint();
    const auto value = list.bytes(list.varint());
    if (!list.ok() || !extensions.add(type, value)) return false;
  }
  return true;
}

template <class Message>
std::size_t size_bound(const Message& message) {
  return max_fixed + message.counts.size() * max_count_size + message.extensions.size_in_bytes();
}

// Around the fields: header in front, room for the MAC behind.
template <class PutFields>
std::vector<std::byte> frame(frame_type type, std::size_t bound, PutFields put_fields) {
  std::vector<std::byte> out(bound);
  const std::span<std::byte> whole(out);
  wire_writer body(whole.subspan(frame_header_size));
  put_fields(body);
  const std::size_t body_size = body.size() + mac_size;
  put_frame_header(whole.first<frame_header_size>(), type, body_size);
  out.resize(frame_header_size + body_size);
  return out;
}

bool take_fields(wire_reader& from, hello& m) {
  take(from, m.session);
  take(from, m.secret);
  take(from, m.instance);
  m.bridge = from.varint();
  if (!take(from, m.options)) return false;
  take(from, m.limits);
  return take(from, m.counts) && take(from, m.extensions) && m.bridge != 0;
}

bool take_fields(wire_reader& from, welcome& m) {
  const auto status = from.u8();
  m.status = static_cast<welcome_status>(status);
  take(from, m.instance);
  take(from, m.session);
  take(from, m.secret);
  take(from, m.limits);
  return take(from, m.counts) && take(from, m.extensions) &&
         status <= static_cast<std::uint8_t>(welcome_status::refused);
}

template <class Message>
std::optional<Message> decode(std::span<const std::byte> body) {
  if (body.size() < mac_size || body.size() > max_control_body) return std::nullopt;
  wire_reader from(body.first(body.size() - mac_size));
  Message m;
  m.version = from.varint();
  if (from.ok() && !is_known_version(m.version)) return m;
  if (!take_fields(from, m) || !from.complete()) return std::nullopt;
  return m;
}

}  // namespace

std::vector<std::byte> encode(const hello& m) {
  return frame(frame_type::hello, size_bound(m), [&m](wire_writer& to) {
    to.varint(m.version);
    put(to, m.session);
    put(to, m.secret);
    put(to, m.instance);
    to.varint(m.bridge);
    put(to, m.options);
    put(to, m.limits);
    put(to, m.counts);
    put(to, m.extensions);
  });
}

std::vector<std::byte> encode(const welcome& m) {
  return frame(frame_type::welcome, size_bound(m), [&m](wire_writer& to) {
    to.varint(m.version);
    to.u8(static_cast<std::uint8_t>(m.status));
    put(to, m.instance);
    put(to, m.session);
    put(to, m.secret);
    put(to, m.limits);
    put(to, m.counts);
    put(to, m.extensions);
  });
}

std::optional<hello> decode_hello(std::span<const std::byte> body) { return decode<hello>(body); }
std::optional<welcome> decode_welcome(std::span<const std::byte> body) { return decode<welcome>(body); }

}  // namespace mtcp::core
