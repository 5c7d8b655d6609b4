// Slices in and out of a TCP socket without copies and without waiting. A part of relay.hpp.
#pragma once

#include <cstddef>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"

namespace mtcp::detail {

/// Most bytes that a relay takes from either side at once: 15 chunks, so that they and their frames' headers fit into
/// one send of a bridge, of 256 KiB. With 16 chunks the last half KiB of each batch cost a send of its own.
inline constexpr std::size_t relay_batch = 15 * core::chunk_capacity;

/// Reads into fresh chunks, as many as the last reads had use for.
class slice_reader {
 public:
  explicit slice_reader(tcp::socket& from) : from_(from) {}

  /// Appends what has arrived to `out`, or gives an error: would_block, eof, or one of the connection.
  error_code read(std::vector<core::slice>& out);
  /// The last read filled all of its chunks: there is probably more.
  bool was_full() const noexcept { return full_; }

 private:
  tcp::socket& from_;
  std::size_t chunks_ = 1;
  bool full_ = false;
};

/// Writes and drops from the front of `from` what the socket takes now; would_block when that is not all.
error_code write_slices(tcp::socket& to, std::vector<core::slice>& from);

}  // namespace mtcp::detail
