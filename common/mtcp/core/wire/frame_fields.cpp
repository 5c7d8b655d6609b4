#include "mtcp/core/wire/frame_fields.hpp"

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/core/wire/host.hpp"

namespace mtcp::core {
namespace {

constexpr std::uint64_t max_port = 0xffff;
constexpr std::uint64_t max_code = 0xff;

bool is_bridge(std::uint64_t id) { return id != 0; }
bool is_code(std::uint64_t code) { return code != 0 && code <= max_code; }

// Port and host, as an address is written.
bool take_address(wire_reader& from, bool may_be_empty) {
  const std::uint64_t port = from.varint();
  const std::string_view host = from.string();
  return port <= max_port && host.size() <= max_host_size && (may_be_empty || !host.empty());
}

bool take_numbers(wire_reader& from, int count) {
  for (; count > 0; --count) from.varint();
  return from.ok();
}

bool take_path(wire_reader& from) {
  from.varint();  // the bridge
  const std::uint64_t role = from.varint();
  const std::uint64_t direction = from.varint();
  return role <= static_cast<std::uint64_t>(path_role::never) && direction <= 2 && from.varint() <= max_rate_limit;
}

// How many entries, then of each the bridge, the count and the delay.
bool take_acks(wire_reader& from) {
  bool ok = true;
  for (std::uint64_t left = from.varint(); ok && left > 0; --left) {
    const bool named = is_bridge(from.varint());
    ok = named && take_numbers(from, 2);
  }
  return ok;
}

bool take_datagram(wire_reader& from) {
  from.varint();  // the stream
  const bool addressed = take_address(from, false);
  return addressed && from.ok() && from.rest().size() <= max_datagram_size;
}

bool take_fields(frame_type type, wire_reader& from) {
  switch (type) {
    case frame_type::open:
    case frame_type::opened:
    case frame_type::listen:
      return take_numbers(from, 2) && take_address(from, true);
    case frame_type::accepted:
      return take_numbers(from, 3) && take_address(from, true);
    case frame_type::refused:
    case frame_type::stop:
      return take_numbers(from, 1) && is_code(from.varint());
    case frame_type::reset:
      return take_numbers(from, 1) && is_code(from.varint()) && take_numbers(from, 1);
    case frame_type::fin:
    case frame_type::window:
      return take_numbers(from, 2);
    case frame_type::ping:
    case frame_type::pong:
    case frame_type::goaway:
      return take_numbers(from, 1);
    case frame_type::bridge_suspect:
      return is_bridge(from.varint());
    case frame_type::bridge_closed:
      return is_bridge(from.varint()) && take_numbers(from, 1);
    case frame_type::path:
      return take_path(from);
    case frame_type::ack:
      return take_acks(from);
    case frame_type::datagram:
      return take_datagram(from);
    default:
      from.rest();
      return true;
  }
}

}  // namespace

bool well_formed(frame_type type, wire_reader body) noexcept { return take_fields(type, body) && body.complete(); }

refusal known_refusal(std::uint64_t code) noexcept {
  switch (static_cast<refusal>(code)) {
    case refusal::policy:
    case refusal::network_unreachable:
    case refusal::host_unreachable:
    case refusal::connection_refused:
    case refusal::address_type:
    case refusal::quota:
      return static_cast<refusal>(code);
    default:
      return refusal::general;
  }
}

reset_code known_reset(std::uint64_t code) noexcept {
  switch (static_cast<reset_code>(code)) {
    case reset_code::shutdown:
    case reset_code::refused:
    case reset_code::quota:
      return static_cast<reset_code>(code);
    default:
      return reset_code::reset;
  }
}

}  // namespace mtcp::core
