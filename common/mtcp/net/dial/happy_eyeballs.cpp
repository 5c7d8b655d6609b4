#include "mtcp/net/dial/happy_eyeballs.hpp"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

namespace mtcp {
namespace {

constexpr std::chrono::seconds fair_chance{1};  // for an attempt while others wait

/// How much an error says about the destination.
int weight(const error_code& error) {
  if (!error) return 0;
  if (error == asio::error::connection_refused) return 5;
  if (error == asio::error::host_unreachable || error == asio::error::timed_out) return 4;
  if (error == asio::error::network_unreachable) return 3;
  if (error == asio::error::address_family_not_supported)
    return 1;  // it cannot be used here, so any other error says more
  return 2;
}

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

/// Shared by the handlers, which may run when the race is over, and then find nobody to wake.
struct connection_race::attempts {
  struct attempt {
    tcp::socket socket;
    tcp::endpoint to;
    clock::time_point since = clock::now();
  };
  using place = std::list<attempt>::iterator;

  explicit attempts(timer& news) : wake(&news) {}

  std::list<attempt> running;
  std::optional<tcp::socket> winner;
  error_code worst;
  clock::time_point next_at{};  // when one more is due
  timer* wake;                  // null when the race is over

  void fail(const error_code& error) {
    if (weight(error) > weight(worst)) worst = error;
    next_at = {};
  }

  void finish(place which, const error_code& error) {
    if (error) fail(error);
    if (!error && !winner) winner.emplace(std::move(which->socket));
    running.erase(which);
    if (wake != nullptr) wake->cancel();
  }
};

connection_race::connection_race(timer& wake, std::chrono::milliseconds stagger, preparation prepare)
    : executor_(wake.get_executor()),
      stagger_(stagger),
      prepare_(std::move(prepare)),
      attempts_(std::make_shared<attempts>(wake)) {}

connection_race::~connection_race() {
  attempts_->wake = nullptr;
  error_code ignored;
  for (auto& attempt : attempts_->running) attempt.socket.close(ignored);
}

bool connection_race::knows(const tcp::endpoint& to) const {
  const auto& running = attempts_->running;
  return std::find(waiting_.begin(), waiting_.end(), to) != waiting_.end() ||
         std::any_of(running.begin(), running.end(), [&to](const auto& attempt) { return attempt.to == to; });
}

void connection_race::add(const std::vector<tcp::endpoint>& more) {
  for (const tcp::endpoint& to : more)
    if (!knows(to)) waiting_.push_back(to);
}

bool connection_race::make_room(clock::time_point now) {
  auto& running = attempts_->running;
  const auto is_open = [](const attempts::attempt& a) { return a.socket.is_open(); };
  const auto oldest = std::find_if(running.begin(), running.end(), is_open);
  if (static_cast<std::size_t>(std::count_if(oldest, running.end(), is_open)) < at_once_) return true;
  if (now < oldest->since + fair_chance) {
    attempts_->next_at = oldest->since + fair_chance;
    return false;
  }
  attempts_->fail(asio::error::timed_out);
  error_code ignored;
  oldest->socket.close(ignored);
  return true;
}

void connection_race::advance(clock::time_point now) {
  while (!won() && !waiting_.empty() && (attempts_->running.empty() || now >= attempts_->next_at)) {
    if (!make_room(now)) return;
    attempts_->next_at = now + stagger_;
    const tcp::endpoint to = waiting_.front();
    waiting_.pop_front();
    start(to);
  }
}

void connection_race::start(const tcp::endpoint& to) {
  tcp::socket socket(executor_);
  error_code error;
  socket.open(to.protocol(), error);
  if (!error && prepare_) error = prepare_(socket, to);
  if (error) return attempts_->fail(error);
  const auto place = attempts_->running.insert(attempts_->running.end(), {std::move(socket), to});
  place->socket.async_connect(
      to, [shared = attempts_, place](const error_code& outcome) { shared->finish(place, outcome); });
}

connection_race::clock::time_point connection_race::next() const {
  return waiting_.empty() ? clock::time_point::max() : attempts_->next_at;
}

bool connection_race::won() const { return attempts_->winner.has_value(); }

bool connection_race::idle() const { return waiting_.empty() && attempts_->running.empty(); }

result<tcp::socket> connection_race::take() {
  if (won()) return registered_anew(std::move(*attempts_->winner));
  if (!attempts_->running.empty()) attempts_->fail(asio::error::timed_out);
  return attempts_->worst ? attempts_->worst : error_code(asio::error::host_not_found);
}

task<result<tcp::socket>> connect_first(std::vector<tcp::endpoint> endpoints, std::size_t at_once,
                                        std::chrono::milliseconds stagger,
                                        std::chrono::steady_clock::time_point deadline,
                                        connection_race::preparation prepare) {
  const executor where = co_await asio::this_coro::executor;
  timer wake(where);
  connection_race race(wake, stagger, std::move(prepare));
  race.limit(at_once);
  race.add(endpoints);
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    race.advance(now);
    if (race.won() || race.idle() || now >= deadline) break;
    wake.expires_at(std::min(deadline, race.next()));
    co_await wake.async_wait(use_result);
  }
  result<tcp::socket> connected = race.take();
  co_return connected;
}

}  // namespace mtcp
