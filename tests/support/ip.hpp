// The program `ip` of iproute2, in the network namespace of the calling thread.
#pragma once

#include <string>

namespace mtcp::lab {

/// Runs it with these words, which have blanks between them. Returns its standard output; throws std::runtime_error
/// with what it says.
std::string ip(const std::string& words);

/// An address ("192.0.2.1/32") of an interface that is up, usable at once.
void add_address(const std::string& address, const std::string& interface);

}  // namespace mtcp::lab
