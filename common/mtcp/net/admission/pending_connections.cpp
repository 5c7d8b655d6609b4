#include "mtcp/net/admission/pending_connections.hpp"

#include <chrono>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/clock.hpp"

namespace mtcp::detail {

pending_connections::pending_connections(const executor& where, const admission_options& limits,
                                         std::size_t descriptors, observer& server)
    : admission_(within_descriptors(limits, descriptors)), observer_(server), timer_(where) {}

void pending_connections::enter(tcp::socket socket, const asio::ip::address& from, bool by_proxy) {
  if (closed_) return;
  const auto [who, evicted] = admission_.arrive(from, now());
  if (evicted) turn_away(*evicted);
  await_first_bytes(who, {std::move(socket), by_proxy, from});
  watch_deadlines();
}

void pending_connections::set_source(id who, tcp::socket socket, const asio::ip::address& source) {
  if (!admission_.contains(who)) return;
  if (!source.is_unspecified()) admission_.source_known(who, source);
  error_code gone;
  const bool own = source.is_unspecified();
  const asio::ip::address from = own ? unmapped(socket.remote_endpoint(gone).address()) : source;
  await_first_bytes(who, {std::move(socket), false, from, own});
  watch_deadlines();
}

void pending_connections::await_first_bytes(id who, silent_one connection) {
  tcp::socket& socket = silent_.emplace(who, std::move(connection)).first->second.socket;
  socket.async_wait(tcp::socket::wait_read, lifeline_.guard([this, who](error_code) { on_readable(who); }));
}

// Also when the socket was closed: then it is not in the list any more.
void pending_connections::on_readable(id who) {
  auto found = silent_.extract(who);
  if (found.empty()) return;
  silent_one connection = std::move(found.mapped());
  error_code error;
  if (connection.socket.available(error) == 0) {  // it has left without a word
    admission_.left(who);
    ++failed_;
    return dismiss(std::move(connection));
  }
  if (connection.by_proxy) return observer_.on_proxy(who, std::move(connection.socket));
  const auto decision = admission_.spoke(who, now(), observer_.has_bridges(connection.from));
  if (decision.evicted) turn_away(*decision.evicted);
  if (!decision.admitted) {
    ++turned_away_;
    if (decision.locked_out) ++locked_out_;
    return dismiss(std::move(connection));
  }
  watch_deadlines();
  observer_.on_speaker(who, std::move(connection.socket), connection.from);
}

// What a proxy has not told whose it is, or is its own, is nobody's.
void pending_connections::dismiss(silent_one connection) {
  if (!connection.by_proxy && !connection.of_proxy)
    observer_.on_dismissed(std::move(connection.socket), connection.from);
}

void pending_connections::turn_away(id who) {
  ++turned_away_;
  close(who);
}

void pending_connections::close(id who) {
  if (silent_.erase(who) != 0) return;
  const auto found = speaking_.find(who);
  if (found != speaking_.end()) found->second.close();
}

void pending_connections::close() {
  closed_ = true;
  timer_.cancel();
  silent_.clear();
  for (const auto& [who, one] : speaking_) one.close();
}

// One timer for all. It is set anew only when something is due earlier: patience falls while the tables fill.
void pending_connections::watch_deadlines() {
  const auto next = admission_.next_deadline();
  if (closed_ || !next || *next >= next_check_) return;
  next_check_ = *next;
  using clock = timer::clock_type;
  timer_.expires_at(clock::time_point(std::chrono::duration_cast<clock::duration>(*next)));
  timer_.async_wait(lifeline_.guard([this](error_code cancelled) {
    if (!cancelled) on_deadline();
  }));
}

void pending_connections::on_deadline() {
  next_check_ = core::timestamp::max();
  while (const auto over = admission_.expire(now())) expire(*over);
  watch_deadlines();
}

// Whoever serves one that speaks tells of its end.
void pending_connections::expire(id who) {
  ++failed_;
  if (auto silent = silent_.extract(who)) {
    const asio::ip::address from = silent.mapped().from;
    admission_.failed(from, stranger::silent, now());
    observer_.on_failure(from, stranger::silent);
    return dismiss(std::move(silent.mapped()));
  }
  const auto speaking = speaking_.find(who);
  if (speaking == speaking_.end()) return;
  speaking->second.overdue = true;
  speaking->second.close();
}

std::vector<penalties::row> pending_connections::locks(std::size_t most) const {
  return admission_.locks().locked_out(most, now());
}

// ---- those that speak ----

pending_connections::place::place(pending_connections& at, id who, std::function<void()> close) : at_(at), who_(who) {
  const auto here = at.speaking_.emplace(who, speaker{std::move(close)}).first;
  if (at.closed_ || !at.admission_.contains(who)) here->second.close();
}

pending_connections::place::~place() {
  at_.speaking_.erase(who_);
  if (!handed_back_) at_.admission_.left(who_);
}

void pending_connections::place::fail() {
  if (at_.admission_.left(who_)) ++at_.failed_;
}

void pending_connections::place::fail(const asio::ip::address& from, stranger why) {
  fail();
  at_.admission_.failed(from, why, now());
}

}  // namespace mtcp::detail
