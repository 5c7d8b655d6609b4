// Reading and writing the fields of frames: QUIC's variable-length integers (RFC 9000, section 16) and byte strings.
// Every integer on the wire is one of these unless common/PROTOCOL.md says otherwise.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace mtcp::core {

inline constexpr std::uint64_t max_varint = (std::uint64_t{1} << 62) - 1;

/// Bytes that `value` takes on the wire: 1, 2, 4 or 8.
constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  return value < 64 ? 1 : value < 16384 ? 2 : value < (1U << 30) ? 4 : 8;
}

/// Appends fields to a buffer that the caller knows to be large enough.
class wire_writer {
 public:
  explicit wire_writer(std::span<std::byte> out) noexcept : out_(out) {}

  void varint(std::uint64_t value) noexcept {
    const std::size_t size = varint_size(value);
    assert(value <= max_varint && used_ + size <= out_.size());
    const unsigned prefix = size == 1 ? 0x00 : size == 2 ? 0x40 : size == 4 ? 0x80 : 0xc0;
    for (std::size_t i = size; i-- > 0; value >>= 8) out_[used_ + i] = static_cast<std::byte>(value & 0xff);
    out_[used_] |= static_cast<std::byte>(prefix);
    used_ += size;
  }
  void u8(std::uint8_t value) noexcept {
    assert(used_ < out_.size());
    out_[used_++] = static_cast<std::byte>(value);
  }
  void bytes(std::span<const std::byte> data) noexcept {
    assert(used_ + data.size() <= out_.size());
    if (!data.empty()) std::memcpy(out_.data() + used_, data.data(), data.size());
    used_ += data.size();
  }
  /// A byte string with its length (a varint) in front.
  void string(std::string_view text) noexcept {
    varint(text.size());
    bytes(std::as_bytes(std::span(text)));
  }
  std::size_t size() const noexcept { return used_; }

 private:
  std::span<std::byte> out_;
  std::size_t used_ = 0;
};

/// Takes fields from the front of a buffer. After a field that is not there every later one reads as zero or empty and
/// ok() is false, so that a caller may check once, at the end.
class wire_reader {
 public:
  explicit wire_reader(std::span<const std::byte> in) noexcept : in_(in) {}

  std::uint64_t varint() noexcept {
    if (in_.empty()) return fail();
    const auto first = std::to_integer<std::uint64_t>(in_[0]);
    const std::size_t size = std::size_t{1} << (first >> 6);
    if (in_.size() < size) return fail();
    std::uint64_t value = first & 0x3f;
    for (std::size_t i = 1; i < size; ++i) value = value << 8 | std::to_integer<std::uint64_t>(in_[i]);
    in_ = in_.subspan(size);
    return value;
  }
  std::uint8_t u8() noexcept {
    if (in_.empty()) return static_cast<std::uint8_t>(fail());
    const auto value = std::to_integer<std::uint8_t>(in_[0]);
    in_ = in_.subspan(1);
    return value;
  }
  std::span<const std::byte> bytes(std::uint64_t size) noexcept {
    if (in_.size() < size) {
      fail();
      return std::span<const std::byte>{};
    }
    const auto data = in_.first(static_cast<std::size_t>(size));
    in_ = in_.subspan(data.size());
    return data;
  }
  std::string_view string() noexcept {
    const auto data = bytes(varint());
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
  std::span<const std::byte> rest() noexcept { return bytes(in_.size()); }

  bool ok() const noexcept { return ok_; }
  /// All fields were there and nothing is left over.
  bool complete() const noexcept { return ok_ && in_.empty(); }

 private:
  std::uint64_t fail() noexcept {
    ok_ = false;
    in_ = {};
    return 0;
  }

  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace mtcp::core
