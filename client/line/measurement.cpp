#include "measurement.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "measured_flow.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/refusal.hpp"
#include "program/stream_deadline.hpp"
#include "program/test_target.hpp"
#include "top/text.hpp"

namespace mtcp::client::line {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using program::test_service;

constexpr auto tick = 50ms, patience_tick = 250ms;
constexpr auto bridge_patience = 3s;  // a connection whose first packet is lost takes one
constexpr auto ping_patience = 5s;
constexpr int most_pings = 8;
constexpr auto ping_time = 500ms;
// A tunnel is up to speed after a third of the time, but not before so many round trips.
constexpr double warming = 1.0 / 3, warming_round_trips = 10;

class prober {
 public:
  prober(asio::io_context& io, tunnel_options options, measuring how, interruption& stop, const progress& tell)
      : executor_(io.get_executor()),
        how_(std::move(how)),
        stop_(stop),
        tell_(tell),
        through_(io, std::move(options)),
        running_(executor_, std::rethrow_exception),
        work_(executor_, std::rethrow_exception),
        pause_(executor_) {
    stop_.watch(&through_);
  }
  prober(const prober&) = delete;
  prober& operator=(const prober&) = delete;
  ~prober() { stop_.watch(nullptr); }

  task<measured> run_all() {
    measured out;
    running_.start(through_.run());
    tell_(how_.name + ": connecting");
    out.error = co_await measure_all(out.got);
    const tunnel_snapshot last = through_.snapshot();
    for (const path_snapshot& path : last.paths) {
      out.got.found.push_back(path.found);
      if (out.error && !refusal_of(out.error)) out.detail = path.last_error;
    }
    if (out.error == asio::error::timed_out) out.detail = no_answer();
    out.got.bytes = last.totals.payload_received + last.totals.payload_sent + last.totals.retransmitted_bytes;
    through_.stop();
    co_await running_.wait();
    if (stop_.asked()) out.error = asio::error::operation_aborted;
    co_return out;
  }

 private:
  task<error_code> measure_all(figures& out) {
    stream echo;
    error_code error = co_await open(test_service::echo, echo);
    if (error) co_return error;
    co_await wait_for_bridges(out);
    co_await ping_empty(echo, out);
    echo.reset();
    if (how_.down) error = co_await measure_way(true, out);
    if (how_.up && !error) error = co_await measure_way(false, out);
    co_return error;
  }

  /// The other way may go all the same if this one gets no answer in time.
  task<error_code> measure_way(bool down, figures& out) {
    const error_code error = co_await measure_one(down, out);
    if (error != asio::error::timed_out) co_return error;
    out.unmeasured.push_back((down ? "download: " : "upload: ") + no_answer());
    co_return error_code();
  }

  std::string no_answer() const {
    return "no answer within " + std::to_string(std::lround(opening_patience(how_.seconds))) + " s";
  }

  /// timed_out if the answer does not come in time: the queues of a slow line may hold minutes of what was sent before.
  task<error_code> open(test_service what, stream& into) {
    core::target to = program::target_of(what);
    asio::cancellation_signal enough;
    bool late = false;
    const auto begin = clock::now();
    timer tick_of_patience(executor_);
    detail::lifeline waits;
    const std::function<void(error_code)> look = [&](error_code cancelled) {
      if (cancelled) return;
      const double waited = std::chrono::duration<double>(clock::now() - begin).count();
      if (waited > 1) tell_(how_.name + ": waiting for an answer, " + std::to_string(std::lround(waited)) + " s");
      late = waited > opening_patience(how_.seconds);
      if (late) return enough.emit(asio::cancellation_type::all);
      tick_of_patience.expires_after(patience_tick);
      tick_of_patience.async_wait(waits.guard(look));
    };
    look({});
    auto until_late = asio::bind_cancellation_slot(enough.slot(), use_result);
    auto [error, opened] = co_await through_.async_open(std::move(to), {}, std::move(until_late));
    into = std::move(opened);
    if (late && error) co_return error_code(asio::error::timed_out);
    co_return error;
  }

  task<> sleep(clock::duration time) {
    pause_.expires_after(time);
    co_await pause_.async_wait(use_result);
  }

  task<> wait_for_bridges(figures& out) {
    const auto begin = clock::now();
    for (count_bridges(out); !out.complete() && !stop_.asked(); count_bridges(out)) {
      if (clock::now() - begin > bridge_patience) co_return;
      co_await sleep(tick);
    }
  }

  void count_bridges(figures& out) const {
    const tunnel_snapshot now = through_.snapshot();
    out.up = now.bridges.size();
    out.wanted = 0;
    out.missing.clear();
    for (const path_snapshot& path : now.paths) {
      out.wanted += path.bridges_wanted;
      if (path.bridges_up < path.bridges_wanted) out.missing = path.last_error;
    }
  }

  task<> ping_empty(stream& echo, figures& out) {
    const program::stream_deadline patience(echo, ping_patience);
    std::vector<double> times;
    const auto begin = clock::now();
    for (int i = 0; i < most_pings && (i < 2 || clock::now() - begin < ping_time); ++i) {
      const auto took = co_await ping(echo);
      if (!took) break;
      times.push_back(*took);
    }
    out.round_trip = median_of(times);
  }

  task<error_code> measure_one(bool down, figures& out) {
    const double most = how_.seconds;
    const double warm_at = std::clamp(warming_round_trips * out.round_trip.value_or(most), warming * most, most);
    stream echo, bulk;
    error_code error = co_await open(test_service::echo, echo);
    if (!error) error = co_await open(down ? test_service::source : test_service::sink, bulk);
    if (error) co_return error;
    const auto f = std::make_unique<measured_flow>(down, warm_at);
    f->echo = std::move(echo);
    f->bulk = std::move(bulk);
    start(*f);
    const double end = warm_at + (1 - warming) * most;
    co_await watch(*f, end);
    const bool lost = f->ended;
    flow got = f->result(carried(down), end);
    if (out.wanted > 1) got.faded.reset();  // that of one connection would not show
    if (got.rate > 0) {
      (down ? out.download : out.upload) = got;
    } else {
      out.unmeasured.push_back(std::string(down ? "download" : "upload") + ": nothing came through in time");
    }
    f->bulk.reset();
    f->echo.reset();
    co_await work_.wait();
    co_await let_queues_run_empty();
    co_return lost ? error_code(asio::error::connection_reset) : error_code();
  }

  void start(measured_flow& f) {
    f.arrive(0);
    if (f.down) {
      work_.start(read_source(f));
    } else {
      work_.start(write_to_sink(f));
      work_.start(read_counts(f));
    }
    work_.start(keep_pinging(f));
  }

  task<> watch(measured_flow& f, double end) {
    for (double at = 0; at < end && !f.ended; at = f.age()) {
      if (f.when_warm.empty() && at >= f.warm_at) f.when_warm = carried(f.down);
      const double rate = f.arrived.rate(std::max(0.0, at - 1), at);
      tell_(how_.name + (f.down ? ": download " : ": upload ") + top::rate(rate));
      co_await sleep(std::chrono::duration_cast<clock::duration>(
          std::min<std::chrono::duration<double>>(tick, std::chrono::duration<double>(end - at))));
    }
  }

  bytes_carried carried(bool down) const {
    bytes_carried out;
    for (const bridge_snapshot& b : through_.snapshot().bridges) out[b.id] = down ? b.bytes_down : b.bytes_up;
    return out;
  }

  /// What is still under way would be in the way of what is measured next.
  task<> let_queues_run_empty() {
    const auto patience = std::chrono::duration<double>(how_.seconds);
    std::uint64_t before = 0;
    int quiet = 0;
    for (const auto begin = clock::now(); quiet < 3 && clock::now() - begin < patience && !stop_.asked();) {
      co_await sleep(tick);
      std::uint64_t in = 0, in_flight = 0;
      for (const bridge_snapshot& b : through_.snapshot().bridges) in += b.bytes_down, in_flight += b.in_flight_bytes;
      quiet = in - before < 1024 && in_flight < 4096 ? quiet + 1 : 0;
      before = in;
    }
  }

  executor executor_;
  measuring how_;
  interruption& stop_;
  const progress& tell_;
  tunnel through_;
  task_group running_, work_;
  timer pause_;
};

}  // namespace

task<measured> measure(asio::io_context& io, tunnel_options options, measuring how, interruption& stop,
                       const progress& tell) {
  const auto probe = std::make_unique<prober>(io, std::move(options), std::move(how), stop, tell);
  co_return co_await probe->run_all();
}

}  // namespace mtcp::client::line
