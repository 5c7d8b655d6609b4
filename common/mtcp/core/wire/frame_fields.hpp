// What the fields of a control frame may say, in one place: whoever handles a frame finds all of them there, each
// within its range, and nothing behind the last one.
#pragma once

#include <cstdint>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Whether `body` is that of a frame of this type. What names a stream or a bridge may name one that there is not.
/// HELLO and WELCOME have a codec of their own (hello.hpp).
bool well_formed(frame_type type, wire_reader body) noexcept;

/// The codes of REFUSED, RESET and STOP: one that this end does not know stands for the most general reason.
refusal known_refusal(std::uint64_t code) noexcept;
reset_code known_reset(std::uint64_t code) noexcept;

}  // namespace mtcp::core
