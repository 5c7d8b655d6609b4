// Cuts the bytes of a bridge, as they come, into frames. The bytes of a DATA frame are handed out piece by piece, by
// reference, without waiting for the whole frame; every other frame is handed out whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "mtcp/buffer.hpp"
#include "mtcp/core/wire/frame.hpp"

namespace mtcp::core {

class frame_parser {
 public:
  enum class item : std::uint8_t {
    need_more,  ///< the input is used up
    control,    ///< type() and body() are a whole frame
    data,       ///< stream(), offset() and take_piece() are stream bytes; frame_size() is 0 unless they end the frame
    skipped,    ///< a frame of an unknown type ended
    malformed,  ///< the bridge must not be used any more
  };

  /// Takes the front of `input` up to the next item. What body() returns holds until the next call.
  item next(slice& input);

  frame_type type() const { return type_; }
  std::span<const std::byte> body() const { return body_; }
  std::uint64_t stream() const { return stream_; }
  std::uint64_t offset() const { return offset_; }
  slice take_piece() { return std::move(piece_); }
  /// Bytes of the whole frame, header included, once it is complete; else 0.
  std::size_t frame_size() const { return complete_ ? frame_size_ : 0; }

 private:
  enum class state : std::uint8_t { header, data_fields, data_bytes, control, skip };

  bool collect(slice& input, std::size_t want);
  void finish_frame();
  item begin_frame();
  item data_fields(slice& input);
  item data_bytes(slice& input);
  item control(slice& input);
  item skip(slice& input);

  state state_ = state::header;
  bool complete_ = false;
  frame_type type_{};
  std::size_t frame_size_ = 0;
  std::size_t remaining_ = 0;  // of the body
  std::uint64_t stream_ = 0;
  std::uint64_t offset_ = 0;       // of the piece
  std::uint64_t next_offset_ = 0;  // of the piece after it
  slice piece_;
  std::span<const std::byte> body_;
  std::vector<std::byte> collected_;  // a header or body that came in pieces
};

}  // namespace mtcp::core
