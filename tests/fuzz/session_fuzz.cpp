// Whole ends of a tunnel, engine and shell, without sockets: whatever a peer says, a program that asked for a stream
// has one or an error, and can use what it has.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "mtcp/acceptor.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/client_listener.hpp"
#include "mtcp/net/stream_impl.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/session/openings.hpp"
#include "mtcp/session/outcome.hpp"
#include "mtcp/session/reverse_listeners.hpp"
#include "mtcp/session/server_session.hpp"
#include "session/fake_link.hpp"

namespace {

using namespace mtcp;
using fuzz::require;

core::limits small() {
  core::limits l;
  l.receive_budget = 1 << 20;
  l.max_streams = 64;
  return l;
}

/// A program that uses its streams: it says something, and reads until their end. What completes when it is gone finds
/// what it was for.
class program {
 public:
  program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    for (const auto& mine : streams_) mine->peer = stream();
    for (const auto& mine : associations_) mine->close();
  }

  void use(stream s) {
    require(s.is_open(), "a stream without an error is one");
    const auto mine = streams_.emplace_back(std::make_shared<owned>());
    mine->peer = std::move(s);
    read(mine);
    mine->peer.async_write_some(asio::buffer(word), [](const error_code&, std::size_t) {});
  }
  void use(association a) {
    const auto mine = associations_.emplace_back(std::make_shared<association>(std::move(a)));
    mine->send({"192.0.2.1", 53}, std::as_bytes(std::span(word)));
    receive(mine);
  }

 private:
  struct owned {
    stream peer;
    std::vector<core::slice> read;
  };

  static void read(const std::shared_ptr<owned>& mine) {
    mine->peer.async_read_slices(mine->read, 4096, [mine](const error_code& error, std::size_t size) {
      require(error || size != 0, "a read has something to say");
      mine->read.clear();
      if (error == asio::error::operation_aborted || !mine->peer.is_open()) return;
      if (error) {
        mine->peer.close();
      } else {
        read(mine);
      }
    });
  }
  static void receive(const std::shared_ptr<association>& mine) {
    mine->async_receive([mine](const error_code& error, const core::datagram&) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        mine->close();
      } else {
        receive(mine);
      }
    });
  }

  static constexpr std::string_view word = "hello";
  std::list<std::shared_ptr<owned>> streams_;
  std::list<std::shared_ptr<association>> associations_;
};

/// What both ends have: two bridges, on which bytes arrive piece by piece.
using two_links = std::array<test::fake_link, 2>;

template <class End>
void feed(End& end, asio::io_context& io, two_links& links, std::span<const std::byte> bytes, std::size_t piece) {
  session& at = end.core();
  at.engine().set_peer_limits(core::announced(small()), now());
  for (const std::size_t i : {0, 1}) at.attach(1 + i, links[i], {}, 0, now());
  end.begin();
  for (std::size_t from = 0; from < bytes.size() && !at.ended(); from += piece) {
    core::slice part = core::slice::copy_of(bytes.subspan(from, std::min(piece, bytes.size() - from)));
    at.receive(1 + from / piece % 2, {&part, 1}, now());
    at.work(now());
    io.restart();
    io.poll();
    for (const std::size_t i : {0, 1}) {
      links[i].sent.clear();
      if (links[i].clear()) at.on_room(1 + i);
    }
  }
}

class client_end : session::owner, openings::listener, reverse_listeners::listener {
 public:
  client_end(asio::io_context& io, bool reverse) : io_(io) {
    if (reverse) core_.engine().allow_reverse(8);
    reverse_.hand_to(*this);
    reverse_.begin(core_, reverse, now());
  }
  client_end(const client_end&) = delete;
  client_end& operator=(const client_end&) = delete;
  ~client_end() { openings_.fail_all(connection_reset()); }

  session& core() { return core_; }
  void begin() {
    for (const core::target& to : {core::target{"example.org", 80}, core::target{"example.org", 443}, core::target{}})
      openings_.add(openings_.next_ticket(), to, std::vector<std::byte>(100), now() + std::chrono::minutes(1));
    openings_.submit(core_, now());
  }

 private:
  void wake() override {}
  void on_event(const core::event& what, core::timestamp) override {
    if (std::holds_alternative<core::events::failed>(what)) return core_.end(errc::protocol_violation);
    if (!reverse_.on_event(core_, what, now())) openings_.on_event(core_, what, now());
  }
  void on_accepted(session& through, core::stream_id id, const reverse_options& by) override {
    require(by.to.host == "192.0.2.80", "a connection leads only where the user said");
    auto asked = std::make_unique<detail::stream_impl>(through, io_.get_executor(), id, by.to, core::target());
    incoming request(stream(std::move(asked)), {}, {});
    if (id % 4 == 0) return request.refuse(core::refusal::connection_refused);
    uses_.use(request.answer({"192.0.2.1", 1}));
  }
  void on_opened(std::uint64_t, session& through, core::stream_id id, const core::target& to, bool stopped) override {
    const core::target& bound = through.engine().bound_address(id);
    auto opened = std::make_unique<detail::stream_impl>(through, io_.get_executor(), id, to, bound);
    if (stopped) opened->on_stopped();
    if (core::is_association(to)) {
      uses_.use(association(stream(std::move(opened))));
    } else {
      uses_.use(stream(std::move(opened)));
    }
  }
  void on_not_opened(std::uint64_t, error_code why) override {
    require(why && !why.message().empty(), "an error says why there is no stream");
  }

  asio::io_context& io_;
  session core_{core::role::client, small(), *this, now()};
  openings openings_{*this};
  reverse_listeners reverse_{{{{"", 8080}, {"192.0.2.80", 80}}}, {}};
  program uses_;
};

/// Every other stream is refused.
class server_end : server_session::listener {
 public:
  server_end(asio::io_context& io, bool reverse) : io_(io) {
    if (reverse) session_.core().engine().allow_reverse(8);
  }

  session& core() { return session_.core(); }
  void begin() {}

 private:
  void on_stream(server_session& of, core::stream_id id) override {
    const core::target& to = of.core().engine().target_of(id);
    auto asked = std::make_unique<detail::stream_impl>(of.core(), io_.get_executor(), id, to, core::target());
    incoming request(stream(std::move(asked)), of.user(), key_id{of.owner()});
    if (of.core().engine().kind_of(id) == core::stream_kind::listener) return listen(std::move(request));
    if (core::is_association(request.target())) return uses_.use(association(request.answer({})));
    if (request.id() % 2 == 0) return request.refuse(core::refusal::policy);
    uses_.use(request.answer({"192.0.2.1", 1}));
  }
  void on_memory(server_session&, std::size_t) override {}
  void on_end(server_session&, const std::string&) override {}
  /// Two connections come in at once.
  void listen(incoming request) {
    client_listener& mine = listeners_.emplace_back(request.answer({"192.0.2.1", 8080}));
    for (int i = 0; i < 2; ++i)
      if (stream to_client = mine.accept({"192.0.2.9", 4711}); to_client.is_open()) uses_.use(std::move(to_client));
  }

  asio::io_context& io_;
  server_settings settings_{.limits = small()};
  server_session session_{settings_, {}, *this, now()};
  std::list<client_listener> listeners_;
  program uses_;
};

template <class End>
void check(bool reverse, std::span<const std::byte> bytes, std::size_t piece) {
  asio::io_context io;
  {
    two_links links;
    End end(io, reverse);
    feed(end, io, links, bytes, piece);
  }
  io.restart();
  io.poll();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices input(fuzz::bytes_of(data, size));
  const std::size_t piece = 1 + input.byte();
  for (const bool reverse : {false, true}) {
    check<client_end>(reverse, input.rest(), piece);
    check<server_end>(reverse, input.rest(), piece);
  }
  return 0;
}
