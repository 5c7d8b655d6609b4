// Everything that a proxy in front of a server may answer: the same comes of it however it is cut, and no byte too many
// is taken.
#include <algorithm>
#include <optional>

#include "fuzz/fuzz.hpp"
#include "mtcp/proxy/connect_dialogue.hpp"
#include "mtcp/proxy/http_connect.hpp"
#include "mtcp/proxy/socks5_client.hpp"

namespace {

using namespace mtcp;
using fuzz::require;

struct outcome {
  std::size_t taken = 0;
  std::optional<proxy::rejection> rejected;
  bool connected = false;
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Says `answers`, `piece` bytes at a time at most, and ends.
outcome play(const proxy_options& by, std::span<const std::byte> answers, std::size_t piece) {
  proxy::connect_dialogue with(by, {"server.example.org", 8443});
  outcome out;
  std::size_t visible = 0;
  while (!with.over()) {
    with.take_output();
    if (visible == 0) visible = std::min(piece, answers.size() - out.taken);
    if (visible == 0) with.ended();
    const std::size_t taken = with.take(answers.subspan(out.taken, visible));
    require(taken <= visible, "it takes no more than has come");
    require(taken > 0 || with.over() || visible == 0, "it gets on");
    out.taken += taken;
    visible -= taken;
  }
  require(with.connected() != with.rejected().has_value(), "it is connected, or says why not");
  out.rejected = with.rejected();
  out.connected = with.connected();
  if (!out.connected) out.taken = 0;  // the connection is of no use, whatever is left on it
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices choose(fuzz::bytes_of(data, size));
  const unsigned first = choose.byte();
  const auto spoken = first % 2 == 0 ? proxy_options::protocol::socks5 : proxy_options::protocol::http;
  proxy_options by{.speaks = spoken, .host = "p", .port = 1080};
  if (first & 2) by.user = "alice", by.password = "s3cret";
  const auto answers = choose.rest();
  fuzz::check_prefixes(answers, proxy::decode_choice);
  fuzz::check_prefixes(answers, proxy::decode_login_answer);
  fuzz::check_prefixes(answers, proxy::decode_reply);
  fuzz::check_prefixes(answers, proxy::decode_connect_answer);
  require(play(by, answers, 1) == play(by, answers, 1024), "how it is cut does not matter");
  return 0;
}
