// Where to listen, as an endpoint, and the error if that is not possible.
#pragma once

#include <boost/system/system_error.hpp>
#include <string>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/types.hpp"
#include "program/options.hpp"

namespace mtcp::program {

/// An empty host is every address: of IPv6 and IPv4 together, or of IPv4 where there is no IPv6. A name stands for all
/// of its addresses; asking for it may block. At least one; throws boost::system::system_error, which names the host.
std::vector<tcp::endpoint> endpoints_of(const core::target& where);
/// Of a name with several addresses only those that this machine has (::1 is not everywhere), unless it has none; port
/// 0 becomes one free port for all of them.
std::vector<tcp::endpoint> listen_endpoints(const core::target& where);

/// The values of a repeated option, each as parse_listen() takes it, or "none" alone; `otherwise` if it was not given.
std::vector<core::target> listeners_of(const values& given, const std::string& option, const core::target& otherwise);

/// EX_NOPERM for an address that this user may not listen on, such as a port below 1024; else EX_UNAVAILABLE.
int exit_code_of(const boost::system::system_error& e);

/// Throws the settings_error that says which option brought about `e`.
[[noreturn]] void fail_for(const std::string& option, const boost::system::system_error& e);

}  // namespace mtcp::program
