// What the fields of a response say about the end of its body (RFC 9112, section 6), and whether they agree. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "response_head.hpp"

namespace mtcp::client {

class response_framing {
 public:
  void add_length(std::string_view value);
  void add_coding(std::string_view value);

  /// Decides for a response with that status; what follows is true afterwards.
  void settle(unsigned status, bool to_head);

  const char* fault() const { return fault_; }
  body_end end() const { return end_; }
  std::uint64_t length() const { return length_.value_or(0); }
  /// The fields that say so, each a line with its CR LF.
  std::string lines() const;

 private:
  void check_codings();

  std::optional<std::uint64_t> length_;
  const char* length_fault_ = nullptr;
  std::vector<std::string> codings_;  ///< in lower case, without identity
  const char* fault_ = nullptr;
  body_end end_ = body_end::at_once;
};

}  // namespace mtcp::client
