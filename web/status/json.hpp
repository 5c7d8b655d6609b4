// Writes JSON (RFC 8259) straight into a string: a snapshot with thousands of streams is written every second.
//
// The output is valid UTF-8 whatever a name holds: bytes that are not become U+FFFD.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "program/utf8.hpp"

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

  json& value(std::string_view text) {
    separate();
    quote(text);
    return *this;
  }
  json& value(const char* text) { return value(std::string_view(text)); }
  json& value(bool yes) {
    separate();
    out_ += yes ? "true" : "false";
    return *this;
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) json& value(T number) {
    separate();
    append(number);
    return *this;
  }
  /// Three decimals; 0 for what is not finite.
  json& value(double number) {
    separate();
    append(std::isfinite(number) ? number : 0.0, std::chars_format::fixed, 3);
    return *this;
  }
  json& null() {
    separate();
    out_ += "null";
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
    out_ += '"';
    while (!text.empty()) {
      const program::character c = program::take_character(text);
      if (!c.valid)
        out_ += "\\ufffd";
      else if (program::is_control(c.code))
        escape(c.code);
      else
        out_.append(c.code == '"' || c.code == '\\' ? "\\" : "").append(c.bytes);
    }
    out_ += '"';
  }
  void escape(char32_t control) {
    static constexpr char hex[] = "0123456789abcdef";
    out_ += "\\u00";
    out_ += hex[control >> 4 & 15];
    out_ += hex[control & 15];
  }

  std::string out_;
  bool first_ = true;
};

}  // namespace mtcp::status
