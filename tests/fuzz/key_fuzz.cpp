// Keys as text: whatever is accepted is the key that it says.
#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"
#include "mtcp/key.hpp"
#include "mtcp/server_identity.hpp"

namespace {

using namespace mtcp;

/// Empty if it is no key, and no server's identity.
std::string parsed(std::string_view text) {
  try {
    return server_identity::is_meant_by(text) ? server_identity::parse(text).to_string() : key::parse(text).to_string();
  } catch (const key_error&) {
    return {};
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(fuzz::bytes_of(data, size));
  const std::string key = parsed(text);
  if (key.empty()) return 0;
  fuzz::require(lower(text).find(key) != std::string::npos, "there is one way to write a key");
  fuzz::require(parsed(key) == key, "a key is read as it is written");
  return 0;
}
