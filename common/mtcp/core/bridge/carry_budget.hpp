// How many bytes may still go out on a bridge, where the network lets a connection carry only so many and then swallows
// everything without a word. What exceeds it would be lost, and the bridge be taken for one that works.
//
// Bytes are those of TLS records, since the network counts these: all that is sent at once is cut into records.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mtcp::core {

/// Bytes that so much plaintext takes as records (RFC 8446, section 5.2: header, content type and tag).
constexpr std::uint64_t as_records(std::uint64_t plaintext) {
  constexpr std::uint64_t record = 16 * 1024, overhead = 22;
  return plaintext + (plaintext + record - 1) / record * overhead;
}

class carry_budget {
 public:
  /// What is left when stream bytes have had their part: ACKs, credit and PINGs need some.
  static constexpr std::uint64_t for_control = 640;

  /// In all, 0 for no limit.
  void limit(std::uint64_t most) { most_ = most; }
  bool limited() const { return most_ != 0; }
  /// So much plaintext was sent at once.
  void spend(std::size_t plaintext) { spent_ += as_records(plaintext); }

  /// Plaintext that may be sent now, at once.
  std::size_t left() const { return plaintext(most_ - std::min(most_, spent_)); }
  /// Which part is used up, 0 to 1; of stream bytes nothing goes out behind the last of it.
  double used() const {
    if (!limited()) return 0;
    return std::min(1.0, static_cast<double>(spent_ + for_control) / static_cast<double>(most_));
  }
  /// The same for stream bytes and what goes around them.
  std::size_t left_for_data() const { return plaintext(most_ - std::min(most_, spent_ + for_control)); }

 private:
  // Most plaintext for so many bytes, less a few.
  std::size_t plaintext(std::uint64_t records) const {
    if (!limited()) return std::numeric_limits<std::size_t>::max();
    const std::uint64_t around = as_records(records) - records;
    return static_cast<std::size_t>(records - std::min(records, around));
  }

  std::uint64_t most_ = 0;
  std::uint64_t spent_ = 0;
};

}  // namespace mtcp::core
