// SOCKS5 (RFC 1928) and its login (RFC 1929) as a client writes and reads them. Pure: no I/O.
//
// The dialogue: greeting -> choice; perhaps login -> answer; request -> reply; then the server's bytes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "mtcp/proxy/decoded.hpp"
#include "mtcp/proxy/password.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// Largest reply, in bytes.
inline constexpr std::size_t max_reply_size = 3 + max_address_size;

/// Offers no login, and the one by password too if there is one.
std::vector<std::byte> encode_greeting(bool with_password);
/// The proxy's choice, which may be one that was not offered.
decoded<method, malformed> decode_choice(std::span<const std::byte> bytes);

/// Both have up to 255 bytes.
std::vector<std::byte> encode_login(const credentials& login);
/// Whether the proxy accepts it.
decoded<bool, malformed_login> decode_login_answer(std::span<const std::byte> bytes);

/// CONNECT. An IP address goes as such, everything else as a name, which has up to 255 bytes.
std::vector<std::byte> encode_request(const core::target& to);
/// Any number may be in it. One that is no success is told as soon as it has come, and takes the two bytes up to it:
/// nothing of use follows. The address in a success is of no use either, but is read to its end.
decoded<reply, malformed> decode_reply(std::span<const std::byte> bytes);

}  // namespace mtcp::proxy
