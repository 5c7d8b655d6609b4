// CONNECT of an HTTP proxy (RFC 9110, section 9.3.6) as a client writes and reads it. Pure: no I/O.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "mtcp/proxy/decoded.hpp"
#include "mtcp/proxy/password.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// What an HTTP proxy sends is read up to so many bytes: its interim answers and the head of the final one.
inline constexpr std::size_t max_connect_answer = 8 * 1024;

/// Asks for a connection to `to`, whose host is one (core::is_host). `login`, if not null, goes along as Basic (RFC
/// 7617): no colon in its name.
std::vector<std::byte> encode_connect(const core::target& to, const credentials* login);

enum class malformed_answer {
  start,  ///< it does not begin as a response of HTTP/1 does, or not with a final status or one to be followed by it
};

/// The final status, 200 to 599. Interim answers (1xx but 101) are passed over. A status that is no success is told at
/// the end of its line; a success takes its whole head, and nothing behind it: there is no body, whatever the head says
/// of one. Lines may end with LF alone (RFC 9112, section 2.2).
decoded<unsigned, malformed_answer> decode_connect_answer(std::span<const std::byte> bytes);

}  // namespace mtcp::proxy
