#include "http_head.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <vector>

#include "http_token.hpp"

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

/// The protocols that Upgrade names; none, unless Connection speaks of it. h2c needs fields and frames that are not
/// passed on (RFC 9113, section 3.1).
std::string protocols_of(const http::fields& head) {
  bool speaks_of_it = false;
  for (const auto& line : head)
    if (line.name() == http::field::connection)
      speaks_of_it = speaks_of_it || http::token_list(line.value()).exists("upgrade");
  std::string out;
  for (const auto& line : head)
    if (speaks_of_it && line.name() == http::field::upgrade)
      for (const std::string_view protocol : list_elements(view(line.value())))
        if (!protocol.empty() && !iequals({protocol.data(), protocol.size()}, "h2c"))
          out.append(out.empty() ? "" : ", ").append(protocol);
  return out;
}

void keep_upgrade(http::fields& head, const std::string& protocols) {
  head.set(http::field::connection, "Upgrade");
  head.set(http::field::upgrade, protocols);
}

/// The scheme of credentials or of a challenge (RFC 9110, section 11.4).
bool is_of_connection(std::string_view value) {
  const std::string scheme = lower_case(value.substr(0, value.find_first_of(" ,")));
  return scheme == "ntlm" || scheme == "negotiate";
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

bool asks_for_upgrade(const http::request_header<>& head) {
  return head.version() >= 11 && !protocols_of(head).empty();
}

bool logs_in(const http::request_header<>& head) { return is_of_connection(view(head[http::field::authorization])); }

bool is_framed_clearly(const http::request_header<>& head) {
  std::vector<std::string> codings;
  for (const auto& line : head)
    if (line.name() == http::field::transfer_encoding)
      for (const std::string_view coding : list_elements(view(line.value()))) codings.push_back(lower_case(coding));
  if (codings.empty()) return true;
  return head.version() >= 11 && std::ranges::all_of(codings, is_token) && codings.back() == "chunked" &&
         std::ranges::count(codings, "chunked") == 1;
}

// No Via field: it would let every destination recognise the users of a local proxy.
void prepare_request(http::request_header<>& head, const proxy::absolute_uri& to, connection_use use) {
  const std::string protocols = protocols_of(head);
  drop_hop_by_hop(head);
  if (head.version() < 11) head.erase(http::field::expect);  // it may not be heeded there (RFC 9110, section 10.1.1)
  head.version(11);
  head.target(to.is_bare && head.method() == http::verb::options ? "*" : to.origin);
  head.set(http::field::host, to.authority);
  head.set(http::field::connection, use == connection_use::kept ? "keep-alive" : "close");
  if (use == connection_use::upgrade) keep_upgrade(head, protocols);
}

void prepare_response(http::response_header<>& head, bool persists) {
  drop_hop_by_hop(head);
  head.version(11);
  if (!persists) head.set(http::field::connection, "close");
  for (const auto& line : head)
    if (line.name() == http::field::www_authenticate && is_of_connection(view(line.value())))
      return head.set("Proxy-Support", "Session-Based-Authentication");  // or some would not log in through a proxy
}

void prepare_switch(http::response_header<>& head) {
  const std::string protocols = protocols_of(head);
  drop_hop_by_hop(head);
  head.version(11);
  keep_upgrade(head, protocols);
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
