#include "program/printable.hpp"

#include "program/utf8.hpp"

namespace mtcp::program {
namespace {

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\x").append({digits[byte >> 4], digits[byte & 0xf]});
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const character c = take_character(text);
    if (c.valid && !is_control(c.code))
      out += c.bytes;
    else
      append_escaped(out, c.bytes);
  }
  return out;
}

}  // namespace mtcp::program
