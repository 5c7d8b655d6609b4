// Why a bridge or path carries little, in words for people: the same in every document, and with the time where one
// belongs to it. Metrics have the words alone, which stay the same.
#pragma once

#include <string>

#include "mtcp/snapshot.hpp"

namespace mtcp::status {

/// "suspect since 2 s: no progress while others make some"; empty if there is none.
std::string reason_of(const bridge_snapshot& bridge);
/// "dials paused for 43 s: nobody answers"
std::string reason_of(const path_snapshot& path);

}  // namespace mtcp::status
