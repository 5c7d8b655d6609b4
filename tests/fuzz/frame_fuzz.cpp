// The bytes of a bridge: cut into frames in the same way however they arrive, and survived by an engine of either role.
#include <chrono>
#include <utility>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "mtcp/core/wire/frame_parser.hpp"
#include "session/fake_end.hpp"

namespace {

using namespace mtcp;
using core::frame_parser;

/// What came out of a parser, with the pieces of DATA put together.
struct seen {
  std::vector<std::byte> bytes;
  bool malformed = false;
  friend bool operator==(const seen&, const seen&) = default;

  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(number >> 8 * i & 0xff));
  }
  void add(std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
};

void feed(frame_parser& parser, std::span<const std::byte> bytes, seen& out) {
  core::slice input = core::slice::copy_of(bytes);
  while (!out.malformed) {
    const auto item = parser.next(input);
    if (item == frame_parser::item::need_more) return;
    out.malformed = item == frame_parser::item::malformed;
    if (item == frame_parser::item::control) {
      out.add(static_cast<std::uint64_t>(parser.type()));
      out.add(parser.body());
    }
    if (item == frame_parser::item::data) out.add(parser.take_piece().bytes());
    if (parser.frame_size() != 0) out.add(parser.frame_size());
  }
}

void check_pieces(std::span<const std::byte> bytes, std::size_t piece) {
  frame_parser at_once, in_pieces;
  seen one, other;
  feed(at_once, bytes, one);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    feed(in_pieces, bytes.subspan(at, std::min(piece, bytes.size() - at)), other);
  fuzz::require(one == other, "frames do not depend on how their bytes arrive");
}

/// What a program does that uses whatever it is told of.
void use(core::engine& engine, const core::event& told, core::timestamp now) {
  static std::vector<std::byte> bytes(128 * 1024);
  std::visit(core::overloaded{
                 [&](const core::events::incoming& e) {
                   engine.answer(e.stream, {"192.0.2.1", 1}, now);
                   if (engine.kind_of(e.stream) == core::stream_kind::listener)
                     engine.accept(e.stream, {"192.0.2.9", 1}, now);
                   engine.write(e.stream, std::span(bytes).first(8000), now);
                 },
                 [&](const core::events::opened& e) { engine.write(e.stream, std::span(bytes).first(8000), now); },
                 [&](const core::events::datagram& e) { engine.read_datagram(e.stream); },
                 [&](const core::events::readable& e) { engine.read(e.stream, bytes, now); },
                 [](const auto&) {},
             },
             told);
}

/// Whatever a peer says, an engine only fails, and goes on sending without harm. `reverse`: the server may open
/// streams.
void check_engine(core::role role, bool reverse, std::span<const std::byte> bytes, std::size_t piece) {
  core::limits small;
  small.receive_budget = 1 << 20;
  small.max_streams = 64;
  core::timestamp now = std::chrono::seconds(1);
  test::fake_end end(role, small, now);
  for (const core::bridge_id id : {1, 2}) end.attach(id, {}, now);
  if (reverse) end.engine().allow_reverse(8);
  if (role == core::role::client) {
    end.engine().listen({"", 8080}, now);
    end.engine().open({"example.org", 80}, {}, now);
    end.engine().open({}, {}, now);
  }
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    now += std::chrono::milliseconds(1);
    core::slice part = core::slice::copy_of(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    end.core.receive(1 + at / piece % 2, {&part, 1}, now);
    end.core.dispatch_events(now);
    for (const core::event& told : std::exchange(end.events, {})) use(end.engine(), told, now);
    end.work(now);
    end.send([](core::bridge_id, std::span<const core::slice>) {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices input(fuzz::bytes_of(data, size));
  const std::size_t piece = 1 + input.byte();
  check_pieces(input.rest(), piece);
  for (const bool reverse : {false, true}) {
    check_engine(core::role::server, reverse, input.rest(), piece);
    check_engine(core::role::client, reverse, input.rest(), piece);
  }
  return 0;
}
