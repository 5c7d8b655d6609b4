// The heads of HTTP requests, and what a proxy makes of them.
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "client/http_head.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace mtcp;
namespace http = boost::beast::http;
using fuzz::require;
using parser = http::request_parser<http::empty_body>;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool parse_head(parser& into, std::string_view text) {
  boost::system::error_code error;
  into.header_limit(32 * 1024);
  into.body_limit(boost::none);
  into.put(boost::asio::buffer(text), error);
  return !error && into.is_header_done();
}

/// What goes to the destination must be read there as one request with one Host.
void check_forwarded(http::request_header<> head, const proxy::absolute_uri& to) {
  client::prepare_request(head, to);
  std::ostringstream out;
  out << head;
  parser again;
  require(parse_head(again, out.str()), "what is sent on is a request");
  require(again.get().count(http::field::host) == 1, "there is one Host");
  const bool is_asterisk = to.is_bare && head.method() == http::verb::options;
  require(to.origin.starts_with('/') && view(again.get().target()) == (is_asterisk ? "*" : to.origin),
          "it is in origin-form, or asks the server itself");
  require(again.get().count(http::field::proxy_authorization) == 0, "no password is sent on");
  for (const auto field : {http::field::transfer_encoding, http::field::content_length})
    require(again.get()[field] == head[field], "the framing stays");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(fuzz::bytes_of(data, size));
  proxy::parse_authority(text);
  proxy::parse_absolute_uri(text);
  parser request;
  if (!parse_head(request, text)) return 0;
  const http::request_header<>& head = request.get();
  client::basic_credentials(head);
  proxy::parse_authority(view(head.target()));
  if (!client::is_framed_clearly(head)) return 0;
  require(request.chunked() == (head.count(http::field::transfer_encoding) != 0), "the parser sees the chunks too");
  if (const auto to = proxy::parse_absolute_uri(view(head.target()))) check_forwarded(head, *to);
  return 0;
}
