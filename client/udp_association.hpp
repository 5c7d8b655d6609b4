// UDP ASSOCIATE on the local port (RFC 1928, section 7).
#pragma once

#include <memory>

#include "dialogue.hpp"
#include "local_port.hpp"
#include "mtcp/types.hpp"

namespace mtcp::client {

/// `declared` is the address that the application says it will send from. Its port counts, unless it is 0. An address
/// other than that of its TCP connection does not: it may be somebody else's.
///
/// Datagrams are taken from one source only: the declared one, or else the first that sends from the application's
/// address. The UDP port has the number of the TCP port, or any if an association has that already, or if the local
/// port wants passwords (unless --udp-advertise). All ends with the TCP connection.
task<> serve_association(const local_port& port, std::unique_ptr<dialogue> with, core::target declared);

}  // namespace mtcp::client
