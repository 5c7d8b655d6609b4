// What CONNECT is in every protocol of the local port: a stream to the destination, and an answer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialogue.hpp"
#include "local_port.hpp"
#include "mtcp/types.hpp"
#include "opening.hpp"

namespace mtcp::client {

/// A protocol's answer: success with the address that was dialled from, or why there is no stream.
using encode_answer = std::string (*)(const opening& of);

/// What was dialled from; nothing if that is not known.
inline core::target bound_of(const opening& o) { return o.remote.is_open() ? o.remote.bound() : core::target{}; }

/// `protocol` is for the log. What the application has sent behind its request rides with OPEN. With fast_open the
/// answer goes out first, unless a rule forbids the destination, and if no stream can be had the connection is reset,
/// as it is if the answer to that has no words.
/// Empty if there is nothing to relay.
task<std::optional<joined>> connect(const local_port& port, std::unique_ptr<dialogue> with, core::target to,
                                    const char* protocol, encode_answer answer);

/// Bytes of an answer as the text that encode_answer returns.
inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace mtcp::client
