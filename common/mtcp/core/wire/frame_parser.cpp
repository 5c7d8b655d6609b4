#include "mtcp/core/wire/frame_parser.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

bool is_known(frame_type type) { return type >= frame_type::hello && type <= frame_type::accepted; }

std::size_t body_limit(frame_type type) {
  if (type == frame_type::data) return max_data_body;
  if (type == frame_type::datagram) return max_datagram_body;
  return is_known(type) ? max_control_body : max_unknown_body;
}

}  // namespace

// Moves bytes to collected_ until it holds `want`.
bool frame_parser::collect(slice& input, std::size_t want) {
  const std::size_t size = std::min(want - collected_.size(), input.size());
  const auto bytes = input.bytes().first(size);
  collected_.insert(collected_.end(), bytes.begin(), bytes.end());
  input.remove_prefix(size);
  return collected_.size() == want;
}

frame_parser::item frame_parser::next(slice& input) {
  if (complete_) finish_frame();
  if (state_ == state::header) {
    if (!collect(input, frame_header_size)) return item::need_more;
    if (const item begun = begin_frame(); begun == item::malformed) return begun;
  }
  switch (state_) {
    case state::data_fields:
      return data_fields(input);
    case state::data_bytes:
      return data_bytes(input);
    case state::control:
      return control(input);
    default:
      return skip(input);
  }
}

void frame_parser::finish_frame() {
  complete_ = false;
  collected_.clear();
  piece_ = {};
  body_ = {};
}

frame_parser::item frame_parser::begin_frame() {
  type_ = static_cast<frame_type>(collected_[0]);
  remaining_ = std::to_integer<std::size_t>(collected_[1]) << 16 | std::to_integer<std::size_t>(collected_[2]) << 8 |
               std::to_integer<std::size_t>(collected_[3]);
  collected_.clear();
  frame_size_ = frame_header_size + remaining_;
  if (remaining_ > body_limit(type_)) return item::malformed;
  state_ = type_ == frame_type::data ? state::data_fields : is_known(type_) ? state::control : state::skip;
  return item::need_more;
}

// Stream and offset of a DATA frame, byte by byte: two varints of unknown length in front of the payload.
frame_parser::item frame_parser::data_fields(slice& input) {
  for (;;) {
    wire_reader fields(collected_);
    stream_ = fields.varint();
    next_offset_ = fields.varint();
    if (fields.ok()) break;
    if (collected_.size() == remaining_) return item::malformed;
    if (input.empty()) return item::need_more;
    collect(input, collected_.size() + 1);
  }
  remaining_ -= collected_.size();
  collected_.clear();
  if (remaining_ == 0 || remaining_ > max_segment_size || next_offset_ > max_varint - remaining_)
    return item::malformed;
  state_ = state::data_bytes;
  return data_bytes(input);
}

frame_parser::item frame_parser::data_bytes(slice& input) {
  if (input.empty()) return item::need_more;
  const std::size_t size = std::min(remaining_, input.size());
  piece_ = input.prefix(size);
  offset_ = next_offset_;
  next_offset_ += size;
  input.remove_prefix(size);
  remaining_ -= size;
  if (remaining_ == 0) {
    complete_ = true;
    state_ = state::header;
  }
  return item::data;
}

frame_parser::item frame_parser::control(slice& input) {
  if (collected_.empty() && input.size() >= remaining_) {
    piece_ = input.prefix(remaining_);
    input.remove_prefix(remaining_);
    body_ = piece_.bytes();
  } else {
    if (!collect(input, remaining_)) return item::need_more;
    body_ = collected_;
  }
  complete_ = true;
  state_ = state::header;
  return item::control;
}

frame_parser::item frame_parser::skip(slice& input) {
  const std::size_t size = std::min(remaining_, input.size());
  input.remove_prefix(size);
  remaining_ -= size;
  if (remaining_ > 0) return item::need_more;
  complete_ = true;
  state_ = state::header;
  return item::skipped;
}

}  // namespace mtcp::core
