// Writes JSON (RFC 8259) straight into a string: a snapshot with thousands of streams is written every second.
//
// What is not printable ASCII is escaped byte by byte, so that the output is valid whatever a name holds.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace mtcp::status {

class json {
 public:
  json& begin_object() { return open('{'); }
  json& end_object() { return close('}'); }
  json& begin_array() { return open('['); }
  json& end_array() { return close(']'); }

  json& key(std::string_view name) {
    separate();
    quote(name);
    out_ += ':';
    first_ = true;
    return *this;
  }

  json& value(std::string_view text) { return separate(), quote(text), *this; }
  json& value(const char* text) { return value(std::string_view(text)); }
  json& value(bool yes) { return separate(), out_ += yes ? "true" : "false", *this; }
  template <std::integral T>
  requires(!std::same_as<T, bool>) json& value(T number) { return separate(), append(number), *this; }
  /// Three decimals; 0 for what is not finite.
  json& value(double number) {
    separate();
    append(std::isfinite(number) ? number : 0.0, std::chars_format::fixed, 3);
    return *this;
  }
  template <class T>
  json& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  std::string take() { return std::move(out_); }

 private:
  json& open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  json& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  template <class... Arguments>
  void append(Arguments... arguments) {
    char digits[340];  // the longest double in fixed notation
    const auto end = std::to_chars(digits, digits + sizeof digits, arguments...).ptr;
    out_.append(digits, end);
  }
  void quote(std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    out_ += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (byte >= 0x20 && byte < 0x7f) {
        out_ += c;
      } else {
        out_ += "\\u00";
        out_ += hex[byte >> 4];
        out_ += hex[byte & 15];
      }
    }
    out_ += '"';
  }

  std::string out_;
  bool first_ = true;
};

}  // namespace mtcp::status
