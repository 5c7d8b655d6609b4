// The frame header and the types of frames. common/PROTOCOL.md specifies their fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {

/// Those from hello to accepted are known, without a gap: the parser compares with these two.
enum class frame_type : std::uint8_t {
  hello = 0x01,
  welcome = 0x02,
  path = 0x03,
  open = 0x04,
  opened = 0x05,
  refused = 0x06,
  data = 0x07,
  fin = 0x08,
  reset = 0x09,
  stop = 0x0a,
  window = 0x0b,
  ack = 0x0c,
  ping = 0x0d,
  pong = 0x0e,
  bridge_closed = 0x0f,
  datagram = 0x10,
  goaway = 0x11,
  bridge_suspect = 0x12,
  listen = 0x13,
  accepted = 0x14,
};

/// A frame is its type (1 byte), the length of its body (3 bytes, most significant first) and the body.
inline constexpr std::size_t frame_header_size = 4;
/// Stream bytes in one DATA frame.
inline constexpr std::size_t max_segment_size = 64 * 1024;
/// Body of a DATA frame: stream and offset (8 bytes each at most) and the segment.
inline constexpr std::size_t max_data_body = max_segment_size + 16;
/// Payload of one DATAGRAM: the most that UDP over IPv4 carries.
inline constexpr std::size_t max_datagram_size = 65'507;
/// Body of a DATAGRAM frame: stream (8 bytes at most), port (4), host (2 + 255) and the payload.
inline constexpr std::size_t max_datagram_body = max_datagram_size + 8 + 4 + 2 + 255;
/// Body of any other frame of a known type.
inline constexpr std::size_t max_control_body = 20 * 1024;
/// Body of a frame of an unknown type, which is skipped.
inline constexpr std::size_t max_unknown_body = 128 * 1024;

inline void put_frame_header(std::span<std::byte, frame_header_size> out, frame_type type, std::size_t body) noexcept {
  out[0] = static_cast<std::byte>(type);
  out[1] = static_cast<std::byte>(body >> 16 & 0xff);
  out[2] = static_cast<std::byte>(body >> 8 & 0xff);
  out[3] = static_cast<std::byte>(body & 0xff);
}

/// Writes a frame whose body is varints only. Returns its size; `out` must have room for it.
template <class... Fields>
std::size_t put_frame(std::span<std::byte> out, frame_type type, Fields... fields) noexcept {
  wire_writer body(out.subspan(frame_header_size));
  (body.varint(fields), ...);
  put_frame_header(out.first<frame_header_size>(), type, body.size());
  return frame_header_size + body.size();
}

/// Writes OPEN, OPENED or LISTEN: stream, window, port, host.
inline std::size_t put_open_frame(std::span<std::byte> out, frame_type type, std::uint64_t stream, std::uint64_t window,
                                  std::uint16_t port, std::string_view host) noexcept {
  wire_writer body(out.subspan(frame_header_size));
  body.varint(stream);
  body.varint(window);
  body.varint(port);
  body.string(host);
  put_frame_header(out.first<frame_header_size>(), type, body.size());
  return frame_header_size + body.size();
}

/// Writes ACCEPTED: stream, window, listener, port, host.
inline std::size_t put_accepted_frame(std::span<std::byte> out, std::uint64_t stream, std::uint64_t window,
                                      std::uint64_t listener, std::uint16_t port, std::string_view host) noexcept {
  wire_writer body(out.subspan(frame_header_size));
  body.varint(stream);
  body.varint(window);
  body.varint(listener);
  body.varint(port);
  body.string(host);
  put_frame_header(out.first<frame_header_size>(), frame_type::accepted, body.size());
  return frame_header_size + body.size();
}

}  // namespace mtcp::core
