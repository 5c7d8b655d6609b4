// The value of proxy=, "socks5://[USER@]HOST:PORT" or "http://[USER@]HOST:PORT", and the file with its password.
#pragma once

#include <string>

#include "mtcp/proxy_options.hpp"

namespace mtcp::client {

/// Throws std::invalid_argument, saying what it expected. USER is percent-encoded where it has to be.
proxy_options parse_proxy(const std::string& text);
/// The inverse, with the user.
std::string url_of(const proxy_options& proxy);

/// What `file` holds: one line, the password, of 1 to 255 bytes. It has to be as private as a key file. Throws
/// key_error, which names it.
std::string load_proxy_password(const std::string& file);

}  // namespace mtcp::client
