#include "status/request.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "mtcp/address.hpp"
#include "mtcp/core/base/ascii.hpp"

namespace mtcp::status {
namespace {

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_ours(const std::string& host, const std::vector<std::string>& names) {
  if (host == "localhost" || parse_address(host.substr(0, host.find('%'))))
    return true;  // a literal address cannot be rebound
  return std::find(names.begin(), names.end(), host) != names.end();
}

/// What stands before `at`; `text` keeps what is behind it.
std::string_view cut(std::string_view& text, char at) {
  const std::string_view front = text.substr(0, text.find(at));
  text.remove_prefix(std::min(text.size(), front.size() + 1));
  return core::trimmed(front);
}

/// "q=0", "q=0.000": not acceptable (RFC 9110, section 12.4.2).
bool is_refusal(std::string_view weight) {
  const std::string text = core::lower_case(weight);
  return text.starts_with("q=0") && text.find_first_not_of("0.", 2) == std::string::npos;
}

bool changes_something(const request& r) { return r.method() != http::verb::get && r.method() != http::verb::head; }

}  // namespace

std::string host_of(std::string_view field) {
  std::string host(field);
  const auto bracket = host.find(']');
  if (host.starts_with('[') && bracket != std::string::npos) return host.substr(1, bracket - 1);
  host.erase(std::min(host.find(':'), host.size()));
  if (host.ends_with('.')) host.pop_back();  // "localhost." is the same name, said in full
  return core::lower_case(host);
}

std::string_view path_of(const request& r) {
  const std::string_view target = view(r.target());
  return target.substr(0, target.find('?'));
}

bool takes_gzip(const request& r) {
  std::string_view rest = view(r[http::field::accept_encoding]);
  bool any = false;
  std::optional<bool> named;
  while (!rest.empty()) {
    std::string_view parameters = cut(rest, ',');
    const std::string coding = core::lower_case(cut(parameters, ';'));
    const bool wanted = !is_refusal(cut(parameters, ';'));
    if (coding == "*") any = wanted;
    if (coding == "gzip" || coding == "x-gzip") named = wanted;
  }
  return named.value_or(any);
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<http::status> guard::refusal(const request& r) const {
  const std::string_view host = view(r[http::field::host]);
  if (r.count(http::field::host) != 1 || !is_ours(host_of(host), hosts)) return http::status::misdirected_request;
  if (const auto origin = r.find(http::field::origin); origin != r.end()) {
    const std::string_view from = view(origin->value());
    if (from != "http://" + std::string(host) && from != "https://" + std::string(host)) return http::status::forbidden;
  }
  if (changes_something(r) && !same_secret(view(r["X-Mtcp-Token"]), token)) return http::status::forbidden;
  return std::nullopt;
}

}  // namespace mtcp::status
