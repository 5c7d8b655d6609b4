// Why a server takes a connection for a stranger's: for logs, and for whoever bans addresses.
#pragma once

#include <cstdint>

namespace mtcp {

enum class stranger : std::uint8_t {
  silent,       ///< it said nothing in time
  slow,         ///< it began to speak, and did not come to an end in time
  junk,         ///< what it said is not how a client begins
  wrong_key,    ///< it holds none of the keys; whether one of that name exists, nobody is told
  wrong_clock,  ///< it holds one of the keys, and its clock is hours away from the server's; or it repeats old words
  bad_hello,    ///< it holds a key, and its HELLO is malformed or does not belong to this connection
};

/// In a few words, without a comma.
constexpr const char* to_string(stranger why) {
  switch (why) {
    case stranger::silent:
      return "it said nothing";
    case stranger::slow:
      return "too slow a handshake";
    case stranger::junk:
      return "no client of ours";
    case stranger::wrong_key:
      return "unknown key";
    case stranger::wrong_clock:
      return "its clock is hours away from ours";
    case stranger::bad_hello:
      break;
  }
  return "malformed HELLO";
}

}  // namespace mtcp
