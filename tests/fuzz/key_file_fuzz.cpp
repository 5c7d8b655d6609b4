// Key files: whatever is accepted is what a file with the same keys, each on a clean line, says.
#include <string>

#include "fuzz/fuzz.hpp"
#include "mtcp/key_ring.hpp"

namespace {

using namespace mtcp;

std::string line_of(const key& k) {
  std::string line = k.to_string();
  if (!k.user().empty()) line += " " + k.user();
  for (const auto& [name, value] : k.attributes()) line += " " + name + "=" + value;
  return line + "\n";
}

std::string written(const key_ring& keys) {
  std::string text;
  for (const auto& one : keys.identities()) text += one->to_string() + "\n";
  for (const auto& one : keys.entries()) text += line_of(*one);
  return text;
}

void check(const key_ring& keys) {
  fuzz::require(keys.identities().size() <= key_ring::max_identities, "identities are bounded in number");
  for (const auto& one : keys.entries()) fuzz::require(keys.find(one->id()) == one, "a key is found by its id");
  const std::string once = written(keys);
  fuzz::require(written(parse_key_file("again", once)) == once, "a file is read as it is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check(parse_key_file("file", fuzz::text_of(fuzz::bytes_of(data, size))));
  } catch (const key_error& e) {
    fuzz::require(std::string(e.what()).starts_with("file:"), "an error names the file and the line");
  }
  return 0;
}
