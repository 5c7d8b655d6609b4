#include "status/request.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "mtcp/address.hpp"

namespace mtcp::status {
namespace {

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_ours(const std::string& host, const std::vector<std::string>& names) {
  if (host == "localhost" || parse_address(host)) return true;  // a literal address cannot be rebound
  return std::find(names.begin(), names.end(), host) != names.end();
}

bool changes_something(const request& r) { return r.method() != http::verb::get && r.method() != http::verb::head; }

}  // namespace

std::string host_of(std::string_view field) {
  std::string host(field);
  const auto bracket = host.find(']');
  if (host.starts_with('[') && bracket != std::string::npos) return host.substr(1, bracket - 1);
  host.erase(std::min(host.find(':'), host.size()));
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return host;
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
