#include "status/reason.hpp"

#include <chrono>

namespace mtcp::status {
namespace {

/// The time stands in front of the colon.
std::string with_time(restraint why, const char* preposition, std::chrono::nanoseconds time) {
  std::string text = text_of(why);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).count();
  return text.insert(text.find(':'), std::string(" ") + preposition + ' ' + std::to_string(seconds) + " s");
}

}  // namespace

std::string reason_of(const bridge_snapshot& bridge) {
  return bridge.why == restraint::suspect ? with_time(bridge.why, "since", bridge.suspect) : text_of(bridge.why);
}

std::string reason_of(const path_snapshot& path) {
  return path.why == restraint::dials_paused ? with_time(path.why, "for", path.found.dials_held) : text_of(path.why);
}

}  // namespace mtcp::status
