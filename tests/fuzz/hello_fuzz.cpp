// HELLO and WELCOME: what is read is written as it was.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/hello.hpp"

namespace {

using namespace mtcp;

/// Integers may be longer on the wire than they need to be, so the fields are compared after one more turn.
template <class Message, class Decode>
void check(std::span<const std::byte> body, Decode decode) {
  const std::optional<Message> first = decode(body);
  if (!first || !core::is_known_version(first->version)) return;
  fuzz::require(first->counts.size() <= core::max_bridge_counts, "the list of bridges is bounded");
  fuzz::require(first->extensions.entries().size() <= core::max_extensions, "extensions are bounded in number");
  fuzz::require(first->extensions.size_in_bytes() <= core::max_extension_bytes, "extensions are bounded in size");
  const auto frame = core::encode(*first);
  const auto second = decode(std::span(frame).subspan(core::frame_header_size));
  fuzz::require(second.has_value(), "what is written can be read");
  fuzz::require(core::encode(*second) == frame, "and says the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::bytes_of(data, size);
  check<core::hello>(body, core::decode_hello);
  check<core::welcome>(body, core::decode_welcome);
  return 0;
}
