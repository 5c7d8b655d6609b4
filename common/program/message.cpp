#include "program/message.hpp"

#include <boost/system/system_error.hpp>
#include <regex>

namespace mtcp::program {
namespace {

// Longer than what anybody would call a file of keys.
const std::regex& long_key() {
  static const std::regex pattern("mtcp[0-9]-(server-)?[a-z2-7]{20}", std::regex::icase);
  return pattern;
}

}  // namespace

std::string without_keys(std::string text) {
  static const std::regex pattern("mtcp([0-9])-(server-)?[a-z2-7]+", std::regex::icase);
  return std::regex_replace(text, pattern, "mtcp$1-$2...");
}

// A password may have any character in it, also those that end a URL. "[USER@]HOST" is what our own words have.
std::string without_passwords(const std::string& text) {
  static const std::regex pattern(R"(://.*:.*@(?!\]))");
  return std::regex_replace(text, pattern, "://...@");
}

bool holds_key(const std::string& text) { return std::regex_search(text, long_key()); }

std::string message_of(const std::exception& e) {
  std::string text = e.what();
  if (const auto* failed = dynamic_cast<const boost::system::system_error*>(&e)) {
    const std::string detail = failed->code().what();
    if (text.ends_with(detail)) text.replace(text.size() - detail.size(), detail.size(), failed->code().message());
  }
  return without_passwords(without_keys(std::move(text)));
}

}  // namespace mtcp::program
