// Whose turn it is among the streams that have bytes to send.
//
// Deficit round robin (Shreedhar and Varghese, SIGCOMM 1995) over bulk streams; new and sparse streams go first, as in
// fq_codel (RFC 8290), so that a keystroke or a DNS answer does not queue behind a download.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/core/base/ring.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Sparse: under 16 KiB sent within 50 ms.
class sparse_meter {
 public:
  void on_sent(std::size_t bytes, timestamp now) {
    if (now - start_ >= std::chrono::milliseconds(50)) {
      start_ = now;
      bytes_ = 0;
    }
    bytes_ += bytes;
  }
  bool sparse(timestamp now) const { return bytes_ < 16 * 1024 || now - start_ >= std::chrono::milliseconds(50); }

 private:
  timestamp start_{0};
  std::size_t bytes_ = 0;
};

/// Ids of streams, each at most once; the owner keeps for each stream in which queue it waits.
class stream_queue {
 public:
  enum class place : std::uint8_t { none, sparse, bulk };
  /// What a bulk stream may send per turn, in bytes.
  static constexpr std::int64_t quantum = 64 * 1024;

  void push(stream_id id, place where) { list(where).push_back(id); }
  bool empty(place where) const { return list(where).empty(); }
  stream_id front(place where) const { return list(where).front(); }
  void pop(place where) { list(where).pop_front(); }
  void rotate(place where) {
    const stream_id id = front(where);
    pop(where);
    push(id, where);
  }
  const ring<stream_id>& bulk() const { return bulk_; }

 private:
  ring<stream_id>& list(place where) { return where == place::sparse ? sparse_ : bulk_; }
  const ring<stream_id>& list(place where) const { return where == place::sparse ? sparse_ : bulk_; }

  ring<stream_id> sparse_;
  ring<stream_id> bulk_;
};

}  // namespace mtcp::core
