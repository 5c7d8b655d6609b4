#include "program/both_ends.hpp"

#include <stdexcept>

#include "program/parse.hpp"

namespace mtcp::program {

option resume_option() {
  return {"resume-timeout", "TIME",
          "keep streams for so long while no bridge is up (3min; the smaller time of both ends counts)"};
}

option hedge_option() {
  return {"hedge", "auto|off|always",
          "send small messages on a second path as well: for a minute after a path has fallen silent or lost something "
          "(auto), or always. Not on backup paths"};
}

option protocol_option() {
  return {
      "min-protocol", "1|2",
      "speak no version of the protocol below this one (1): with 2, keys of version 1, which begin with mtcp1-, are "
      "not used"};
}

unsigned parse_protocol(const std::string& text) { return parse_number(text, 1, 2); }

core::hedging parse_hedge(const std::string& text) {
  using enum core::hedging;
  for (const core::hedging when : {learnt, off, always})
    if (text == to_string(when)) return when;
  throw std::invalid_argument("expected auto, off or always");
}

std::string to_string(core::hedging when) {
  switch (when) {
    case core::hedging::off:
      return "off";
    case core::hedging::always:
      return "always";
    default:
      return "auto";
  }
}

}  // namespace mtcp::program
