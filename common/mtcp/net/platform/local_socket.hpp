// Sockets in the file system (AF_UNIX), for who runs a program and nobody else.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace mtcp::platform {

/// A descriptor that listens at `path`, which only its owner may connect to (mode 0600). What a program that was killed
/// has left there is replaced; address_in_use if somebody listens, or if it is something else than a socket.
boost::system::result<int> listen_at(const std::string& path);
/// A connected descriptor.
boost::system::result<int> connect_to(const std::string& path);

}  // namespace mtcp::platform
