#include "mtcp/proxy/http_connect.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "mtcp/proxy/authority.hpp"

namespace mtcp::proxy {
namespace {

constexpr std::string_view protocol = "HTTP/1.";
constexpr std::size_t status_at = protocol.size() + 2;  // behind the minor version and a space
constexpr std::size_t status_end = status_at + 3;

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether `text` may be the beginning of "HTTP/1.1 200" and what follows that.
bool may_be_status_line(std::string_view text) {
  if (!protocol.starts_with(text.substr(0, protocol.size()))) return false;
  for (std::size_t i = protocol.size(); i < std::min(text.size(), status_end); ++i)
    if (i + 1 == status_at ? text[i] != ' ' : !is_digit(text[i])) return false;
  return text.size() <= status_end || text[status_end] == ' ' || text[status_end] == '\r' || text[status_end] == '\n';
}

/// The line at the front of `text` without its end, and what is behind it. Empty if the end has not come.
struct split_line {
  std::string_view line, rest;
};
std::optional<split_line> cut_line(std::string_view text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return split_line{line, text.substr(end + 1)};
}

/// What is behind the empty line that ends a head's fields.
std::optional<std::string_view> behind_fields(std::string_view text) {
  for (auto next = cut_line(text); next; next = cut_line(text)) {
    text = next->rest;
    if (next->line.empty()) return text;
  }
  return std::nullopt;
}

unsigned status_of(std::string_view line) {
  unsigned status = 0;
  for (const char digit : line.substr(status_at, 3)) status = 10 * status + static_cast<unsigned>(digit - '0');
  return status;
}

bool is_interim(unsigned status) { return status >= 100 && status < 200 && status != 101; }

}  // namespace

std::vector<std::byte> encode_connect(const core::target& to, const credentials* login) {
  const std::string where = to_authority(to);
  std::string text = "CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n";
  if (login != nullptr) text += "Proxy-Authorization: Basic " + base64(login->name + ":" + login->password) + "\r\n";
  text += "\r\n";
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

decoded<unsigned, malformed_answer> decode_connect_answer(std::span<const std::byte> bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto size_up_to = [&all](std::string_view rest) { return all.size() - rest.size(); };
  for (std::string_view text = all;;) {
    if (!may_be_status_line(text)) return malformed_answer::start;
    const auto first = cut_line(text);
    if (!first) return {};
    if (first->line.size() < status_end) return malformed_answer::start;
    const unsigned status = status_of(first->line);
    if (!is_interim(status) && (status < 200 || status > 599)) return malformed_answer::start;
    if (status >= 300) return {status, size_up_to(first->rest)};
    const auto rest = behind_fields(first->rest);
    if (!rest) return {};
    if (!is_interim(status)) return {status, size_up_to(*rest)};
    text = *rest;
  }
}

}  // namespace mtcp::proxy
