// What origins send, made into what a strict parser takes.
#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <string>

#include "client/response_mender.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace mtcp;
namespace http = boost::beast::http;
using fuzz::require;

struct outcome {
  std::string text;
  bool faulty = false;
  bool over = false;
};

/// In pieces of the sizes that the input says.
outcome mend(std::string_view raw, fuzz::choices cuts, bool to_head) {
  client::response_mender m(to_head);
  outcome out;
  while (!raw.empty()) {
    const std::size_t size = cuts.empty() ? raw.size() : std::min<std::size_t>(raw.size(), 1 + cuts.byte() % 32);
    if (m.put(raw.substr(0, size), out.text) != size) break;
    raw.remove_prefix(size);
  }
  out.faulty = m.fault() != nullptr;
  out.over = m.is_over();
  return out;
}

/// The parser that reads it finds nothing wrong, and the same end.
void check_parsed(std::string_view text, const outcome& mended, bool to_head) {
  std::string memory(1024, '\0');
  for (;;) {
    http::response_parser<http::buffer_body> parser;
    parser.header_limit(1024 * 1024);
    parser.body_limit(boost::none);
    parser.eager(true);
    parser.skip(to_head);
    boost::system::error_code error;
    while (!text.empty() && !parser.is_done()) {
      parser.get().body().data = memory.data();
      parser.get().body().size = memory.size();
      text.remove_prefix(parser.put(boost::asio::buffer(text), error));
      if (error == http::error::need_more) return;
      require(!error || error == http::error::need_buffer, "what is mended is taken");
    }
    const unsigned status = parser.is_header_done() ? parser.get().result_int() : 0;
    const bool is_interim = status >= 100 && status < 200 && status != 101;
    if (!is_interim || text.empty()) {
      require(!mended.over || (parser.is_done() && text.empty()), "both see the same end");
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices from(fuzz::bytes_of(data, size));
  const bool to_head = from.byte() % 8 == 1;
  const std::string_view raw = fuzz::text_of(from.rest());
  const outcome whole = mend(raw, fuzz::choices({}), to_head);
  const outcome cut = mend(raw, from, to_head);
  require(whole.text == cut.text && whole.faulty == cut.faulty && whole.over == cut.over, "cuts change nothing");
  if (!whole.text.starts_with("HTTP/1.1 101")) check_parsed(whole.text, whole, to_head);
  return 0;
}
