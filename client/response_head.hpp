// The head of a response as browsers and curl forgive it, made into one that a strict parser takes and that nobody can
// read in two ways (RFC 9112, sections 4 to 6; RFC 9110, section 5.5). Pure.
//
// Forgiven: lines that end in LF alone, a status line without reason, ICY for HTTP/1.0, blanks before the colon of a
// field, folded lines, control characters in values. Lines that are no fields are dropped. What says two things about
// the end of the body is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mtcp::client {

/// What ends the body (RFC 9112, section 6.3).
enum class body_end : std::uint8_t {
  at_once,  ///< there is none
  length,   ///< Content-Length
  chunks,   ///< Transfer-Encoding: chunked
  close     ///< the end of the connection
};

struct mended_head {
  std::string text{};  ///< with its empty line, for Beast
  unsigned status = 0;
  body_end end = body_end::at_once;
  std::uint64_t length = 0;     ///< bytes of the body, if `end` is length
  const char* fault = nullptr;  ///< why it is refused: "the destination's response " and this
};

/// `raw` is a whole head, from its status line to its empty line. `to_head`: it answers a HEAD, and has no body.
mended_head mend_head(std::string_view raw, bool to_head);

/// What is wrong with the beginning of a response, a part of its status line or all of it; null if nothing is.
const char* fault_of_beginning(std::string_view text);
const char* fault_of_status_line(std::string_view line);

}  // namespace mtcp::client
