#include "http_head.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <vector>

namespace mtcp::client {
namespace {

using boost::beast::iequals;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// Fields that must reach the next hop even if Connection names them.
bool is_kept(http::field name) {
  constexpr std::array kept{http::field::transfer_encoding, http::field::content_length, http::field::host};
  return std::ranges::find(kept, name) != kept.end();
}

/// Decodes base64 (RFC 4648, section 4). Empty if `text` is no base64.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::size_t most = 1024;  // far beyond 2 x 255 bytes and a colon
  if (text.empty() || text.size() > most || text.size() % 4 != 0) return std::nullopt;
  const auto padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (padding > 2 || text.find('=') < text.size() - padding) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);  // OpenSSL counts the padding's zeros
  return out;
}

}  // namespace

void drop_hop_by_hop(http::fields& head) {
  std::vector<std::string> named;
  for (const auto& line : head)
    if (line.name() == http::field::connection || line.name() == http::field::proxy_connection)
      for (const auto& option : http::token_list(line.value())) named.emplace_back(option.data(), option.size());
  for (const std::string& name : named)
    if (!is_kept(http::string_to_field(name))) head.erase(name);
  for (const auto name :
       {http::field::connection, http::field::proxy_connection, http::field::keep_alive,
        http::field::proxy_authorization, http::field::te, http::field::trailer, http::field::upgrade})
    head.erase(name);
}

// No Via field: it would let every destination recognise the users of a local proxy.
void prepare_request(http::request_header<>& head, const proxy::absolute_uri& to) {
  drop_hop_by_hop(head);
  head.target(to.origin);
  head.set(http::field::host, to.authority);
  head.set(http::field::connection, "close");
}

std::optional<proxy::credentials> basic_credentials(const http::fields& head) {
  constexpr std::string_view scheme = "Basic ";
  const std::string_view value = view(head[http::field::proxy_authorization]);
  if (value.size() < scheme.size() || !iequals({value.data(), scheme.size()}, {scheme.data(), scheme.size()}))
    return std::nullopt;
  const std::string_view coded = value.substr(scheme.size());
  const auto text = decode_base64(coded.substr(std::min(coded.size(), coded.find_first_not_of(' '))));
  const auto colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return proxy::credentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::string own_response(http::status status, std::string_view body, std::string_view fields) {
  const auto reason = http::obsolete_reason(status);
  std::string out = "HTTP/1.1 " + std::to_string(static_cast<unsigned>(status)) + ' ';
  out.append(reason.data(), reason.size()).append("\r\n").append(fields);
  if (fields.find("Content-Type:") == std::string_view::npos) out += "Content-Type: text/plain; charset=utf-8\r\n";
  out += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
  return out.append(body);
}

}  // namespace mtcp::client
