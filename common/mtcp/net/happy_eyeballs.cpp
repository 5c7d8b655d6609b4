#include "mtcp/net/happy_eyeballs.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <optional>

namespace mtcp {
namespace {

using clock = std::chrono::steady_clock;

/// How much an error says about the destination.
int weight(const error_code& error) {
  if (!error) return 0;
  if (error == asio::error::connection_refused) return 5;
  if (error == asio::error::host_unreachable || error == asio::error::timed_out) return 4;
  if (error == asio::error::network_unreachable) return 3;
  return 1;
}

/// The attempts of one connect_first(). Handlers share it: it outlives whoever waits for it.
struct race {
  explicit race(const executor& where) : changed(where) {}

  std::list<tcp::socket> attempts;
  std::optional<tcp::socket> winner;
  error_code worst;
  timer changed;

  /// Attempts under way.
  std::size_t running() const { return attempts.size(); }

  void fail(const error_code& error) {
    if (weight(error) > weight(worst)) worst = error;
  }

  void finish(std::list<tcp::socket>::iterator attempt, const error_code& error) {
    if (!error && !winner) winner.emplace(std::move(*attempt));
    if (error) fail(error);
    attempts.erase(attempt);
    changed.cancel();
  }
};

void start(const std::shared_ptr<race>& r, const executor& where, const tcp::endpoint& to) {
  const auto attempt = r->attempts.emplace(r->attempts.end(), where);
  attempt->async_connect(to, [r, attempt](const error_code& error) { r->finish(attempt, error); });
}

/// Closes what still runs, however the coroutine ends; the handlers come later and find nobody waiting.
struct give_up_at_exit {
  std::shared_ptr<race> r;
  ~give_up_at_exit() {
    for (tcp::socket& s : r->attempts) s.close();
  }
};

}  // namespace

std::vector<ip_address> interleave(const std::vector<ip_address>& addresses) {
  std::vector<ip_address> first, second, out;
  for (const ip_address& a : addresses) (a.is_v6() == addresses.front().is_v6() ? first : second).push_back(a);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

task<result<tcp::socket>> connect_first(std::vector<tcp::endpoint> endpoints, std::chrono::milliseconds stagger,
                                        clock::time_point deadline) {
  const executor where = co_await asio::this_coro::executor;
  const auto r = std::make_shared<race>(where);
  const give_up_at_exit guard{r};
  auto next = endpoints.begin();
  while (!r->winner && clock::now() < deadline && (next != endpoints.end() || r->running() != 0)) {
    if (next != endpoints.end()) start(r, where, *next++);
    const auto pause = clock::now() + stagger;
    r->changed.expires_at(next == endpoints.end() ? deadline : std::min(pause, deadline));
    if (r->running() != 0) co_await r->changed.async_wait(use_result);
  }
  if (r->winner) {
    tcp::socket connected = registered_anew(std::move(*r->winner));
    co_return connected;
  }
  if (r->running() != 0) r->fail(asio::error::timed_out);
  co_return r->worst ? r->worst : error_code(asio::error::host_not_found);
}

}  // namespace mtcp
