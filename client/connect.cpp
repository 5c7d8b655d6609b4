#include "connect.hpp"

#include <optional>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/relay.hpp"
#include "opening.hpp"

namespace mtcp::client {
namespace {

// With fast_open: an application that sends as soon as it hears of success does so within this time; later it is taken
// to wait for the destination.
constexpr std::chrono::milliseconds first_words{5};

task<bool> answer_early(dialogue& with, encode_answer answer) {
  const std::string success = answer({});
  if (!co_await with.send(success)) co_return false;
  if (with.bytes().empty()) co_await with.more_within(first_words);
  co_return true;
}

task<bool> answer_late(dialogue& with, std::string text, bool success) {
  const bool sent = co_await with.send(text);
  if (sent && !success) co_await with.farewell();
  co_return sent&& success;
}

/// SOCKS and HTTP CONNECT alike: before it is told of success an application has nothing to send, so one that ends
/// without a word behind its request has left. One that did send something ahead, or was told of success, may wait for
/// what the destination says to it (nc -N).
end_of_file meaning_of_end(const local_port& port, const dialogue& with) {
  return port.fast_open || !with.bytes().empty() ? end_of_file::said_all : end_of_file::leaves;
}

}  // namespace

task<std::optional<joined>> connect(const local_port& port, std::unique_ptr<dialogue> with, core::target to,
                                    const char* protocol, encode_answer answer) {
  const std::string name = to_string(to);
  const router::way way = way_for(port, with->socket(), to);
  const bool early = port.fast_open && way.to != proxy::route::block;
  if (early && !co_await answer_early(*with, answer)) co_return std::nullopt;
  with->lift_limit();
  const program::book_entry::about about{to, source_of(with->socket()), with->user(), way.to == proxy::route::direct};
  const std::size_t ahead = with->bytes().size();
  const end_of_file means = meaning_of_end(port, *with);
  opening got = co_await open_by(way, port, with->socket(), std::move(to), with->bytes(), means);
  log_opening(protocol, name, way, got);
  std::string text = early ? std::string() : answer(got);
  if (got.error && text.empty()) {
    co_await close_with_reset(with->socket());
    co_return std::nullopt;
  }
  if (!early && !co_await answer_late(*with, std::move(text), !got.error)) co_return std::nullopt;
  auto entry = program::entry_in(port.book, about);
  if (entry) entry->crossed(ahead, false);
  co_return joined{with->release(), std::move(got.remote), std::move(entry)};
}

}  // namespace mtcp::client
