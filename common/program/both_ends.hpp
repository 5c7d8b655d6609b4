// Options of the tunnel that both programs have, since each decides for its own end.
#pragma once

#include <string>

#include "mtcp/limits.hpp"
#include "program/options.hpp"

namespace mtcp::program {

option resume_option();
option hedge_option();
option protocol_option();
/// A version of the protocol. Throws std::invalid_argument, as the next one does.
unsigned parse_protocol(const std::string& text);
/// "auto", "off" or "always". Throws std::invalid_argument, saying what was expected.
core::hedging parse_hedge(const std::string& text);
std::string to_string(core::hedging when);

}  // namespace mtcp::program
