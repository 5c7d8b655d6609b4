// The blocks of addresses on the links of this machine: where its router, its printers and its neighbours are.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/platform/seldom_asked.hpp"

namespace mtcp {

/// Threads: one.
class own_links {
 public:
  using answers = seldom_asked<std::vector<network>>;
  using source = answers::source;

  /// Interfaces change: they are asked again, at most once in `interval`.
  explicit own_links(source blocks = platform::interface_blocks,
                     std::chrono::milliseconds interval = answers::usual_interval)
      : blocks_(std::move(blocks), interval) {}

  const std::vector<network>& blocks() { return blocks_.get(); }

 private:
  answers blocks_;
};

}  // namespace mtcp
