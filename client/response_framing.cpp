#include "response_framing.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "http_token.hpp"

namespace mtcp::client {
namespace {

constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();  // clients count in signed numbers
constexpr std::string_view chunked = "chunked";

/// What only resembles chunked is that to some, and some stop reading the list at a coding that has parameters: no
/// registered one has any.
bool is_clear(std::string_view coding) {
  return coding == chunked || (is_token(coding) && !coding.starts_with(chunked));
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size() || value > longest) return std::nullopt;
  return value;
}

}  // namespace

// The same length twice, in one field or two, is one length.
void response_framing::add_length(std::string_view value) {
  for (const std::string_view part : list_elements(value)) {
    const auto length = decimal(part);
    if (!length) length_fault_ = "has a malformed Content-Length";
    if (length && length_ && length_ != length) length_fault_ = "has two Content-Lengths that differ";
    if (length) length_ = length;
  }
}

void response_framing::add_coding(std::string_view value) {
  for (const std::string_view part : list_elements(value)) {
    std::string coding = lower_case(part);
    const bool again = coding == chunked && !codings_.empty() && codings_.back() == chunked;
    if (!coding.empty() && coding != "identity" && !again) codings_.push_back(std::move(coding));
  }
}

void response_framing::check_codings() {
  const auto first = std::ranges::find(codings_, chunked);
  if (first != codings_.end() && first + 1 != codings_.end())
    fault_ = "has a Transfer-Encoding that does not end with chunked";
  if (!std::ranges::all_of(codings_, is_clear)) fault_ = "has a malformed Transfer-Encoding";
  if (first == codings_.end() && (length_ || length_fault_))
    fault_ = "has both a Content-Length and a Transfer-Encoding other than chunked";
}

void response_framing::settle(unsigned status, bool to_head) {
  if (status < 200 || status == 204) {  // they have neither of the two fields (RFC 9110, section 8.6)
    length_.reset();
    codings_.clear();
    return;
  }
  if (!codings_.empty()) check_codings();
  if (codings_.empty()) fault_ = length_fault_;
  const bool is_chunked = !codings_.empty() && codings_.back() == chunked;
  if (is_chunked) length_.reset();  // section 6.3, 3
  if (to_head || status == 304) return;
  end_ = length_ ? body_end::length : body_end::close;
  if (is_chunked) end_ = body_end::chunks;
}

std::string response_framing::lines() const {
  std::string out;
  for (const std::string& coding : codings_) out += (out.empty() ? "Transfer-Encoding: " : ", ") + coding;
  if (!out.empty()) out += "\r\n";
  if (length_) out += "Content-Length: " + std::to_string(*length_) + "\r\n";
  return out;
}

}  // namespace mtcp::client
