// Totals as text that outlives the program: JSON that knows its version.
#pragma once

#include <string>

#include "program/totals.hpp"

namespace mtcp::program {

std::string to_text(const totals& all);
/// Adds what the text holds. Throws std::invalid_argument, saying what is wrong: it may be of a later version, which
/// understands more.
void restore(totals& to, const std::string& text);

}  // namespace mtcp::program
