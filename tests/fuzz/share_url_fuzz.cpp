// Share URLs: whatever is accepted is written as a URL that says the same.
#include <string>

#include "fuzz/fuzz.hpp"
#include "program/share_url.hpp"

namespace {

using namespace mtcp::program;

/// Empty if it is none; what is wrong never quotes a whole key.
std::string written(std::string_view text) {
  try {
    return to_string(parse_share_url(text));
  } catch (const mtcp::key_error&) {
    return {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string once = written(mtcp::fuzz::text_of(mtcp::fuzz::bytes_of(data, size)));
  if (once.empty()) return 0;
  mtcp::fuzz::require(written(once) == once, "a URL is read as it is written");
  return 0;
}
