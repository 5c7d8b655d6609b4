// Where to listen, as an endpoint, and the error if that is not possible.
#pragma once

#include <boost/system/system_error.hpp>
#include <string>

#include "mtcp/async.hpp"
#include "mtcp/types.hpp"

namespace mtcp::program {

/// An empty host is every address: of IPv6 and IPv4 together, or of IPv4 where there is no IPv6. A name stands for the
/// first of its addresses; asking for it may block. Throws boost::system::system_error, which names the host.
tcp::endpoint listen_endpoint(const core::target& where);

/// EX_NOPERM for an address that this user may not listen on, such as a port below 1024; else EX_UNAVAILABLE.
int exit_code_of(const boost::system::system_error& e);

/// Throws the settings_error that says which option brought about `e`.
[[noreturn]] void fail_for(const std::string& option, const boost::system::system_error& e);

}  // namespace mtcp::program
