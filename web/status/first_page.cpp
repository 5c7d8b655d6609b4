#include "status/first_page.hpp"

namespace mtcp::status {
namespace {

constexpr std::string_view block = R"(<script id="first" type="application/json">)";

}  // namespace

// In JSON "<" stands in strings only, where it may as well be escaped: so neither "</script" nor "<!--" is in the text.
std::string page_with(std::string_view page, std::string_view json) {
  const std::size_t found = page.find(block);
  if (found == std::string_view::npos) return std::string(page);
  std::string out(page.substr(0, found + block.size()));
  out.reserve(page.size() + json.size() + json.size() / 16);
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out.append(page.substr(found + block.size()));
}

}  // namespace mtcp::status
