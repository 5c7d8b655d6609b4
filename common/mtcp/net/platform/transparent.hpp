// What a packet filter hands to a program that it was not addressed to (nft's redirect and tproxy): for whom it was
// meant, and answers in the name of others. Linux has it; elsewhere these say operation_not_supported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mtcp/async.hpp"

namespace mtcp::platform {

/// IP_TRANSPARENT: the socket may be bound to addresses that are not of this machine, and a listening one gets what a
/// packet filter has for it by TPROXY. operation_not_permitted without CAP_NET_ADMIN or CAP_NET_RAW.
error_code allow_foreign_addresses(int descriptor, bool ipv6);

/// To whom the peer has meant to connect: SO_ORIGINAL_DST, which knows of a REDIRECT; else the local address, which
/// after TPROXY, and without any of this, is the truth.
tcp::endpoint original_destination(tcp::socket& socket);

/// IP_RECVORIGDSTADDR: receive_redirected() needs it.
error_code tell_destinations(int descriptor, bool ipv6);

struct redirected_datagram {
  std::size_t size = 0;
  udp::endpoint from;
  udp::endpoint to;  ///< where it was sent
};
/// The next datagram of a socket that tells destinations. would_block if there is none.
result<redirected_datagram> receive_redirected(int descriptor, std::span<std::byte> into);

/// SO_MARK of what the socket sends, by which packet filters and routes know it. operation_not_permitted without
/// CAP_NET_ADMIN (or, since Linux 5.17, CAP_NET_RAW).
error_code set_mark(int descriptor, std::uint32_t mark);

/// Whether this process may: asks a socket.
error_code can_mark(std::uint32_t mark);

}  // namespace mtcp::platform
