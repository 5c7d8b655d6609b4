#include "response_head.hpp"

#include <optional>
#include <vector>

#include "http_token.hpp"
#include "response_framing.hpp"

namespace mtcp::client {
namespace {

constexpr const char* no_http = "is no HTTP";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

/// RFC 9110, section 5.5.
std::string without_controls(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, is_control, ' ');
  return std::string(trimmed(out));
}

struct status_line {
  bool is_1_1 = false;
  unsigned status = 0;
  std::string reason{};
  const char* fault = nullptr;
};

status_line refused(const char* fault) { return {.fault = fault}; }

/// "HTTP/1.1", as browsers read it: any case, a version left out is 1.0, and beyond 1.1 there is nothing new.
struct version {
  bool is_http = false;
  bool is_known = false;
  bool is_1_1 = false;
};

version version_of(std::string_view word) {
  const std::string name = lower_case(word);
  if (name == "icy" || name == "http" || name == "http/1") return {true, true, false};
  if (!name.starts_with("http/")) return {};
  const bool known = name.size() == 8 && name.starts_with("http/1.") && is_digit(name[7]);
  return {true, known, known && name[7] != '0'};
}

/// Three digits, and the reason behind them, which may be left out with its blank.
status_line parse_status(std::string_view text, bool is_1_1) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits != 3 || text[0] == '0') return refused("has no status code of three digits");
  const unsigned status = static_cast<unsigned>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
  return {is_1_1, status, without_controls(text.substr(3))};
}

status_line parse_status_line(std::string_view line) {
  line = trimmed(line);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  const version spoken = version_of(word);
  if (!spoken.is_http) return refused(no_http);
  if (!spoken.is_known) return refused("is in a version of HTTP that was not asked for");
  return parse_status(trimmed(line.substr(word.size())), spoken.is_1_1);
}

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

/// Folded lines are joined (RFC 9112, section 5.2). What is folded right behind the status line belongs to nothing
/// (section 2.2): it stays a line of its own that begins with a blank, and so is no field.
std::vector<std::string> unfolded(std::string_view raw) {
  std::vector<std::string> lines;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('\n'), raw.size() - 1) + 1;
    const std::string_view line = without_line_end(raw.substr(0, end));
    raw.remove_prefix(end);
    if (lines.size() > 1 && !line.empty() && is_blank(line.front())) {
      lines.back().append(" ").append(trimmed(line));
    } else {
      lines.emplace_back(line);
    }
  }
  return lines;
}

struct field {
  std::string_view name;
  std::string value;
};

std::optional<field> field_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view name = line.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);  // section 5.1
  if (!is_token(name)) return std::nullopt;
  return field{name, without_controls(line.substr(colon + 1))};
}

/// A parser may refuse a list for one bad element.
std::string only_tokens(std::string_view list) {
  std::string out;
  for (const std::string_view element : list_elements(list))
    if (is_token(element)) out.append(out.empty() ? "" : ", ").append(element);
  return out;
}

std::string line_of(std::string_view name, std::string_view value) {
  std::string out(name);
  return out.append(": ").append(value).append("\r\n");
}

/// The lines of a field that says nothing about the framing; what does goes to `framing`.
std::string take_field(const field& f, response_framing& framing) {
  const std::string name = lower_case(f.name);
  if (name == "content-length") framing.add_length(f.value);
  if (name == "transfer-encoding") framing.add_coding(f.value);
  if (name == "content-length" || name == "transfer-encoding") return {};
  if (name != "connection" && name != "proxy-connection") return line_of(f.name, f.value);
  const std::string options = only_tokens(f.value);
  return options.empty() ? std::string() : line_of(f.name, options);
}

}  // namespace

const char* fault_of_status_line(std::string_view line) { return parse_status_line(without_line_end(line)).fault; }

const char* fault_of_beginning(std::string_view text) {
  const std::string begin = lower_case(text.substr(0, 4));
  const bool may_be =
      std::string_view("http").starts_with(begin) || std::string_view("icy ").starts_with(begin) || begin == "icy\t";
  return may_be ? nullptr : no_http;
}

mended_head mend_head(std::string_view raw, bool to_head) {
  const std::vector<std::string> lines = unfolded(raw);
  const status_line first = parse_status_line(lines.empty() ? std::string() : lines.front());
  if (first.fault) return {.fault = first.fault};
  std::string text = first.is_1_1 ? "HTTP/1.1 " : "HTTP/1.0 ";
  text.append(std::to_string(first.status)).append(" ").append(first.reason).append("\r\n");
  response_framing framing;
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (const auto f = field_of(lines[i])) text += take_field(*f, framing);
  framing.settle(first.status, to_head);
  text.append(framing.lines()).append("\r\n");
  return {std::move(text), first.status, framing.end(), framing.length(), framing.fault()};
}

}  // namespace mtcp::client
