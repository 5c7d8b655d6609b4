// Errors in words for people.
#pragma once

#include <exception>
#include <string>

namespace mtcp::program {

/// What `e` says, without the numbers and places that Boost adds, and without any key.
std::string message_of(const std::exception& e);

/// `text` with "mtcp1-..." in place of every key, or what looks like the beginning of one: who mistakes a key for the
/// name of a file must not find it in a log.
std::string without_keys(std::string text);

/// Whether `text` holds a key, and so cannot be the value of any option.
bool holds_key(const std::string& text);

}  // namespace mtcp::program
