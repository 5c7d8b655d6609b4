// Makes what an origin sends in answer to one request into what a strict parser takes: heads as response_head.hpp has
// it, and chunks without blanks, extensions and trailers, each line with CR LF. Nothing else of a body changes. Pure;
// the output does not depend on how the input is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "response_head.hpp"

namespace mtcp::client {

class response_mender {
 public:
  static constexpr std::size_t max_head = 64 * 1024;  ///< of one head, and of all trailers
  static constexpr std::size_t max_chunk_line = 16 * 1024;

  /// `to_head`: the request was a HEAD.
  explicit response_mender(bool to_head) : to_head_(to_head) {}

  /// Appends what `in` becomes to `out`. Takes all of it, unless the response is over or faulty: then what is left
  /// belongs to no response. Returns how many bytes it took.
  std::size_t put(std::string_view in, std::string& out);

  /// How many bytes would go through put() unchanged; these may be passed on without it, and then pass() is told.
  std::uint64_t plain() const;
  void pass(std::size_t size);

  /// What was wrong, as in mended_head; null if nothing was.
  const char* fault() const { return fault_; }
  /// The final response is complete.
  bool is_over() const { return state_ == state::over; }
  /// Something of a response has come.
  bool has_begun() const { return begun_; }

 private:
  enum class state : std::uint8_t { head, body, until_close, chunk_size, chunk, chunk_end, trailers, over };

  std::size_t step(std::string_view in, std::string& out);
  std::size_t take_head(std::string_view in, std::string& out);
  std::size_t take_body(std::string_view in, std::string& out);
  std::size_t take_chunk_size(std::string_view in, std::string& out);
  std::size_t take_chunk_end(std::string_view in, std::string& out);
  std::size_t take_trailers(std::string_view in, std::string& out);

  std::size_t collect(std::string_view in, std::size_t most, const char* too_long);
  std::size_t skip_blanks(std::string_view in);
  bool line_is_whole() const { return kept_.ends_with('\n'); }
  std::string_view line() const;
  void check_status_line();
  void finish_head(std::string& out);
  void finish_chunk_size(std::string& out);

  bool to_head_;
  bool begun_ = false;
  state state_ = state::head;
  const char* fault_ = nullptr;
  std::string kept_;         ///< the part of a head, or of a line of chunks, that has come
  std::size_t line_at_ = 0;  ///< where the line under way begins in it
  std::size_t skipped_ = 0;  ///< bytes before a head, or of trailers
  std::uint64_t left_ = 0;   ///< of the body or chunk
};

}  // namespace mtcp::client
