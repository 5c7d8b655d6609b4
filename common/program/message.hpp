// Errors in words for people.
#pragma once

#include <exception>
#include <string>

namespace mtcp::program {

/// What `e` says, without the numbers and places that Boost adds, and without any key or password.
std::string message_of(const std::exception& e);

/// `text` with "mtcp1-..." and the like in place of every key, and of whatever looks like the beginning of one: a user
/// who gives a key where a file name is expected must not find it in a log.
std::string without_keys(std::string text);

/// `text` with "://...@" in place of a URL's user and password, up to the last @ that could end them.
std::string without_passwords(const std::string& text);

/// Whether `text` holds a key, and so cannot be the value of any option.
bool holds_key(const std::string& text);

}  // namespace mtcp::program
