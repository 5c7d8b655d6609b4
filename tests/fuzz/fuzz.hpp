// What the fuzz targets share. Each target is one function that must not crash, and that aborts where what the code
// under test promises does not hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mtcp::fuzz {

inline void require(bool promise, const char* what) {
  if (promise) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes bytes from the front as choices of the fuzzer's.
class choices {
 public:
  explicit choices(std::span<const std::byte> from) : rest_(from) {}
  bool empty() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  std::span<const std::byte> take(std::size_t most) {
    const auto taken = rest_.first(most < rest_.size() ? most : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

/// A decoder that is asked with every prefix must need more until it is certain, and then stay with what it said.
template <class Decode>
void check_prefixes(std::span<const std::byte> message, Decode decode) {
  const auto whole = decode(message);
  require(!whole || whole.size() <= message.size(), "a message is not longer than what came");
  for (std::size_t n = 0; n <= message.size() && n < 1024; ++n) {
    const auto part = decode(message.first(n));
    if (part.needs_more()) continue;
    require(part.failed() == whole.failed(), "what is certain stays so");
    if (part) require(part.size() == whole.size() && part.size() <= n, "a message keeps its length");
  }
}

}  // namespace mtcp::fuzz
