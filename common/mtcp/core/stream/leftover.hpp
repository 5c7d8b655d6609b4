// Bytes of a stream that had arrived when its engine ended.
#pragma once

#include "mtcp/core/stream/io_result.hpp"
#include "mtcp/core/stream/reorder_buffer.hpp"

namespace mtcp::core {

struct leftover {
  reorder_buffer bytes;
  read_result::state then = read_result::state::open;  ///< what a reader finds behind them; open: they are cut off
};

}  // namespace mtcp::core
