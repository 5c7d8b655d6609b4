// What every decoder of a proxy's messages answers. Bytes come cut anywhere, so a decoder looks at all that has come so
// far, takes nothing, and may be asked again with more: it keeps no state.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>

namespace mtcp::proxy {

/// A value with the number of bytes that it took, or an error, or the answer that more bytes are needed.
template <class Value, class Error>
class decoded {
 public:
  /// The message is not complete.
  decoded() = default;
  /// `size` bytes at the front of the buffer were the message; what follows belongs to the next one.
  decoded(Value value, std::size_t size) : result_(std::in_place_index<1>, std::move(value)), size_(size) {}
  /// No further bytes can make it a message.
  decoded(Error error) : result_(std::in_place_index<2>, std::move(error)) {}

  bool needs_more() const noexcept { return result_.index() == 0; }
  bool failed() const noexcept { return result_.index() == 2; }
  explicit operator bool() const noexcept { return result_.index() == 1; }

  const Value& value() const { return std::get<1>(result_); }
  const Error& error() const { return std::get<2>(result_); }
  /// Bytes of the message; 0 unless there is a value.
  std::size_t size() const noexcept { return size_; }

 private:
  std::variant<std::monostate, Value, Error> result_;
  std::size_t size_ = 0;
};

}  // namespace mtcp::proxy
