// How bridges come to a server: listen, let in, listen to their HELLO, join them to a session.
#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <optional>
#include <span>
#include <utility>

#include "mtcp/net/acceptor_server.hpp"
#include "mtcp/net/address.hpp"
#include "mtcp/net/deadline.hpp"
#include "mtcp/net/error.hpp"
#include "mtcp/net/handshake.hpp"
#include "mtcp/net/proxy_header.hpp"
#include "mtcp/net/scope_exit.hpp"
#include "mtcp/net/shortage.hpp"

namespace mtcp::detail {
namespace {

constexpr std::chrono::milliseconds shortage_pause{100};

core::timestamp now() {
  return std::chrono::duration_cast<core::timestamp>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Empty if there is no header, or a malformed one.
task<std::optional<asio::ip::address>> read_proxy_header(tcp::socket& from) {
  std::array<std::byte, proxy_header_most> header;
  const auto start = asio::buffer(header, proxy_header_start);
  const auto [no_start, first] = co_await asio::async_read(from, start, use_result);
  if (no_start) co_return std::nullopt;
  const auto size = proxy_header_size(std::span(header).first<proxy_header_start>());
  if (!size) co_return std::nullopt;
  const auto behind = asio::buffer(header, *size) + proxy_header_start;
  const auto [no_rest, rest] = co_await asio::async_read(from, behind, use_result);
  if (no_rest) co_return std::nullopt;
  const auto source = proxied_source(std::span(header).first(*size));
  co_return source;
}

}  // namespace

// A stranger's place in the list, for as long as it is one.
class server::presence {
 public:
  presence(server& at, secure_channel& channel, const asio::ip::address& from)
      : at_(at),
        place_(at.strangers_.insert(at.strangers_.end(),
                                    {clock::now() + at.options_.admission.deadline, from, &channel})) {
    if (at.strangers_.size() == 1) at.watch_strangers();
  }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() {
    at_.admission_.leave(place_->address);
    at_.strangers_.erase(place_);
  }

 private:
  server& at_;
  strangers::iterator place_;
};

// What goes wrong with one connection, as when there is no memory for it, ends that one only.
void server::start(task<> connection) {
  spawn(executor_, std::move(connection), [self = shared_from_this()](const std::exception_ptr& escaped) {
    self->report("a connection failed: " + message_of(escaped));
  });
}

task<> server::listen(std::shared_ptr<server> self, std::size_t index) {
  ++self->coroutines_;
  const scope_exit counted([&self] {
    --self->coroutines_;
    self->changed_.notify_all();
  });
  tcp::acceptor& listener = self->listeners_[index];
  while (!self->draining_) {
    auto [error, socket] = co_await listener.async_accept(use_result);
    if (!error) {
      self->meet_connection(std::move(socket));
    } else if (is_shortage(error)) {
      co_await self->survive_shortage(listener);
    }
  }
}

task<> server::survive_shortage(tcp::acceptor& at) {
  bool turned_away = false;
  auto waiting = accept_in_shortage(at, reserve_, turned_away);
  if (waiting) co_return meet_connection(std::move(*waiting));
  if (turned_away) ++totals_.turned_away_total;
  timer pause(executor_, shortage_pause);
  auto [ignored] = co_await pause.async_wait(use_result);
  static_cast<void>(ignored);
}

void server::meet_connection(tcp::socket socket) {
  ++totals_.accepted_total;
  error_code error;
  const asio::ip::address from = unmapped(socket.remote_endpoint(error).address());
  if (error) return;
  if (!is_trusted_proxy(from)) return admit(std::move(socket), from);
  if (introduced_.size() < options_.admission.pending_most)
    start(introduce(shared_from_this(), std::move(socket), from));
  else
    ++totals_.turned_away_total;
}

bool server::is_trusted_proxy(const asio::ip::address& from) const {
  return std::ranges::any_of(options_.trusted_proxies, [&](const network& n) { return n.contains(from); });
}

// Takes the header of a trusted proxy off the connection, and not a byte more.
task<> server::introduce(std::shared_ptr<server> self, tcp::socket socket, asio::ip::address proxy) {
  ++self->coroutines_;
  const auto place = self->introduced_.insert(self->introduced_.end(), &socket);
  const scope_exit counted([&] {
    self->introduced_.erase(place);
    --self->coroutines_;
    self->changed_.notify_all();
  });
  std::optional<asio::ip::address> source;
  {
    const deadline limit(socket, self->options_.admission.deadline);
    source = co_await read_proxy_header(socket);
  }
  if (!source) {
    ++self->totals_.strangers_total;
    co_return;
  }
  self->admit(std::move(socket), source->is_unspecified() ? proxy : *source);
}

void server::admit(tcp::socket socket, const asio::ip::address& from) {
  if (draining_ || !admission_.enter(from, now())) {
    ++totals_.turned_away_total;
    return;
  }
  platform::prepare_bridge(socket);
  start(serve(shared_from_this(), std::move(socket), from));
}

task<> server::serve(std::shared_ptr<server> self, tcp::socket socket, asio::ip::address from) {
  ++self->coroutines_;
  const scope_exit counted([&self] {
    --self->coroutines_;
    self->changed_.notify_all();
  });
  arrival guest{secure_channel(std::move(socket)), {}, {}};
  const error_code error = co_await self->meet(guest, from);
  if (error) {
    ++self->totals_.strangers_total;
    co_return guest.channel.close();
  }
  const std::size_t home = self->group_->home_of(guest.said, self->place_);
  if (home != self->place_) co_return self->group_->hand_over(home, std::move(guest));
  co_await welcome(self, std::move(guest));
}

task<error_code> server::meet(arrival& guest, const asio::ip::address& from) {
  const presence here(*this, guest.channel, from);
  const tls_context context = tls_;  // set_keys() may replace it meanwhile
  const error_code error = co_await guest.channel.accept(context);
  if (error) co_return error;
  auto got = co_await receive_hello(guest.channel);
  if (!got) co_return got.error();
  guest.said = std::move(got->message);
  guest.rest = std::move(got->rest);
  co_return error;
}

void server::adopt(arrival bridge) { start(welcome(shared_from_this(), std::move(bridge))); }

task<> server::welcome(std::shared_ptr<server> self, arrival from) {
  ++self->coroutines_;
  const scope_exit counted([&self] {
    --self->coroutines_;
    self->changed_.notify_all();
  });
  session_ref joined;
  const core::welcome answer = self->answer(from.said, from.channel.shared_key(), joined);
  error_code error;
  {
    const deadline limit(from.channel.socket(), self->options_.admission.deadline);
    error = co_await send_welcome(from.channel, answer);
  }
  if (error && joined) joined->abandon();
  if (error || !joined) co_return from.channel.close();
  bridge carrier(std::move(from.channel), from.said.bridge, from.said.options);
  const std::string name = "bridge " + std::to_string(from.said.bridge) + " of session " + short_name(joined->id());
  self->report(name + " up from " + carrier.remote());
  const error_code why = co_await joined->run_bridge(carrier, std::move(from.rest));
  self->report(name + " lost: " + why.message());
}

core::welcome server::answer(const core::hello& hello, const key& holder, session_ref& joined) {
  core::welcome welcome;
  welcome.instance = group_->instance();
  welcome.status = find_place(hello, holder, joined);
  if (welcome.status != core::welcome_status::ok) return welcome;
  const bool created = hello.session == core::session_id{};
  core::engine& engine = joined->core().engine();
  welcome.session = joined->id();
  if (created) welcome.secret = joined->secret();
  welcome.limits = core::announced(options_.limits);
  if (created) {
    engine.set_peer_limits(hello.limits);
  } else {
    engine.settle(hello.counts, joined->core().now());
    joined->core().changed();
  }
  welcome.counts = engine.unsettled();
  return welcome;
}

core::welcome_status server::find_place(const core::hello& hello, const key& holder, session_ref& joined) {
  if (hello.version != core::protocol_version) return core::welcome_status::version;
  if (stopped_ || !options_.keys.find(holder.id())) return core::welcome_status::refused;
  if (hello.session == core::session_id{}) return create(holder, hello.bridge, joined);
  return join(hello, holder, joined);
}

core::welcome_status server::create(const key& holder, core::bridge_id first, session_ref& joined) {
  if (draining_) return core::welcome_status::refused;
  const auto made = std::make_shared<server_session>(executor_, options_, holder, *this);
  if (const auto claimed = made->claim_bridge(first); claimed != core::welcome_status::ok) return claimed;
  if (!group_->add(made->id(), holder.id(), place_, options_.sessions_per_key)) return core::welcome_status::limit;
  sessions_.emplace(made->id(), made);
  report("session " + short_name(made->id()) + " of " + made->user());
  joined = made;
  return core::welcome_status::ok;
}

core::welcome_status server::join(const core::hello& hello, const key& holder, session_ref& joined) {
  if (hello.instance != group_->instance() && hello.instance != core::instance_id{})
    return core::welcome_status::foreign_instance;
  const auto found = sessions_.find(hello.session);
  if (found == sessions_.end() || !found->second->may_join(holder.id(), hello))
    return core::welcome_status::unknown_session;
  const core::welcome_status claimed = found->second->claim_bridge(hello.bridge);
  if (claimed == core::welcome_status::ok) joined = found->second;
  return claimed;
}

// One timer for all: the oldest stranger's deadline is the next.
void server::watch_strangers() {
  if (strangers_.empty() || stopped_) return;
  stranger_timer_.expires_at(strangers_.front().deadline);
  stranger_timer_.async_wait(lifeline_.guard([this](error_code error) {
    if (error) return;
    const auto at = clock::now();
    for (const stranger& s : strangers_)
      if (s.deadline <= at) s.channel->close();  // its coroutine takes it off the list
    watch_strangers();
  }));
}

}  // namespace mtcp::detail
