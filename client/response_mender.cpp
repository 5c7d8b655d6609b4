#include "response_mender.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "http_token.hpp"

namespace mtcp::client {
namespace {

constexpr const char* head_too_long = "has a head of more than 64 KiB";
constexpr const char* bad_chunk = "has a malformed chunk";
constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();

/// "1a  ;name=value", up to the end of the line. What is behind the semicolon concerns nobody here, but a bare CR would
/// be the end of the line to some.
std::optional<std::uint64_t> chunk_size_of(std::string_view line) {
  if (line.find('\r') != std::string_view::npos) return std::nullopt;
  line = line.substr(0, line.find(';'));
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  std::uint64_t size = 0;
  const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (wrong != std::errc() || end != line.data() + line.size() || size > longest) return std::nullopt;
  return size;
}

std::string hexadecimal(std::uint64_t size) {
  std::array<char, 16> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), size, 16).ptr;
  return {text.data(), end};
}

}  // namespace

std::size_t response_mender::put(std::string_view in, std::string& out) {
  std::size_t taken = 0;
  while (taken < in.size() && !fault_ && state_ != state::over) taken += step(in.substr(taken), out);
  return taken;
}

std::uint64_t response_mender::plain() const {
  if (fault_) return 0;
  if (state_ == state::until_close) return std::numeric_limits<std::uint64_t>::max();
  return state_ == state::body || state_ == state::chunk ? left_ : 0;
}

void response_mender::pass(std::size_t size) {
  if (state_ == state::until_close) return;
  left_ -= size;
  if (left_ == 0) state_ = state_ == state::chunk ? state::chunk_end : state::over;
}

std::size_t response_mender::step(std::string_view in, std::string& out) {
  begun_ = true;
  switch (state_) {
    case state::head:
      return take_head(in, out);
    case state::body:
    case state::until_close:
    case state::chunk:
      return take_body(in, out);
    case state::chunk_size:
      return take_chunk_size(in, out);
    case state::chunk_end:
      return take_chunk_end(in, out);
    case state::trailers:
      return take_trailers(in, out);
    case state::over:
      break;
  }
  return 0;
}

/// Up to the end of a line.
std::size_t response_mender::collect(std::string_view in, std::size_t most, const char* too_long) {
  in = in.substr(0, most + 1 - kept_.size());
  const std::size_t size = std::min(in.find('\n'), in.size() - 1) + 1;
  kept_ += in.substr(0, size);
  if (kept_.size() > most) fault_ = too_long;
  return size;
}

std::string_view response_mender::line() const {
  std::string_view all(kept_);
  all.remove_prefix(line_at_);
  if (all.ends_with('\n')) all.remove_suffix(1);
  if (all.ends_with('\r')) all.remove_suffix(1);
  return all;
}

/// Empty lines before a status line.
std::size_t response_mender::skip_blanks(std::string_view in) {
  const std::size_t size = std::min(in.find_first_not_of(" \t\r\n"), in.size());
  skipped_ += size;
  if (skipped_ > max_head) fault_ = head_too_long;
  return size;
}

/// At once: one that speaks no HTTP may wait for ever to be spoken to.
void response_mender::check_status_line() {
  const char* wrong = line_is_whole() ? fault_of_status_line(line()) : fault_of_beginning(line());
  if (wrong) fault_ = wrong;
}

std::size_t response_mender::take_head(std::string_view in, std::string& out) {
  if (kept_.empty())
    if (const std::size_t blanks = skip_blanks(in); blanks != 0) return blanks;
  const std::size_t size = collect(in, max_head, head_too_long);
  if (line_at_ == 0) check_status_line();
  if (fault_ || !line_is_whole()) return size;
  const std::string_view text = line();
  if (text.find_first_not_of('\r') == std::string_view::npos) {
    finish_head(out);
  } else {
    line_at_ = kept_.size();
  }
  return size;
}

void response_mender::finish_head(std::string& out) {
  const mended_head head = mend_head(kept_, to_head_);
  kept_ = {};
  line_at_ = skipped_ = 0;
  fault_ = head.fault;
  if (fault_) return;
  out += head.text;
  left_ = head.length;
  const bool has_bytes = head.end != body_end::length || left_ != 0;
  if (head.end == body_end::at_once || !has_bytes) state_ = state::over;
  if (head.end == body_end::length && has_bytes) state_ = state::body;
  if (head.end == body_end::chunks) state_ = state::chunk_size;
  if (head.end == body_end::close || head.status == 101) state_ = state::until_close;
  if (head.status < 200 && head.status != 101) state_ = state::head;  // an interim response; the final one follows
}

std::size_t response_mender::take_body(std::string_view in, std::string& out) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), plain()));
  out += in.substr(0, size);
  pass(size);
  return size;
}

std::size_t response_mender::take_chunk_size(std::string_view in, std::string& out) {
  const std::size_t size = collect(in, max_chunk_line, bad_chunk);
  if (!fault_ && line_is_whole()) finish_chunk_size(out);
  return size;
}

void response_mender::finish_chunk_size(std::string& out) {
  const auto chunk = chunk_size_of(line());
  kept_.clear();
  if (!chunk) {
    fault_ = bad_chunk;
    return;
  }
  left_ = *chunk;
  state_ = left_ == 0 ? state::trailers : state::chunk;
  if (left_ != 0) out += hexadecimal(left_) + "\r\n";
}

std::size_t response_mender::take_chunk_end(std::string_view in, std::string& out) {
  kept_ += in.front();
  if (line_is_whole()) {
    out += "\r\n";
    kept_.clear();
    state_ = state::chunk_size;
  } else if (kept_ != "\r") {
    fault_ = bad_chunk;
  }
  return 1;
}

/// They are dropped, as a proxy may (RFC 9110, section 6.5.1): most programs do not expect any.
std::size_t response_mender::take_trailers(std::string_view in, std::string& out) {
  const std::size_t size = collect(in, max_head, "has trailers of more than 64 KiB");
  skipped_ += size;
  if (skipped_ > max_head) fault_ = "has trailers of more than 64 KiB";
  if (fault_ || !line_is_whole()) return size;
  if (line().empty()) {
    out += "0\r\n\r\n";
    state_ = state::over;
  }
  kept_.clear();
  return size;
}

}  // namespace mtcp::client
