#include "mtcp/net/client.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>
#include <variant>

#include "mtcp/core/wire/host.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/stream_impl.hpp"
#include "mtcp/refusal.hpp"

namespace mtcp::detail {
namespace {

client_settings settings_of(const tunnel_options& o, const path_list& paths) {
  client_settings s;
  for (std::size_t i = 0; i < paths.named.size(); ++i)
    s.paths.push_back(path_settings_of(paths.named[i], paths.names[i]));
  s.paths_come = !paths.patterns.empty();
  s.limits = o.limits;
  s.resume_timeout = o.resume_timeout;
  s.connect_wait = o.connect_wait;
  s.first_backoff = o.backoff_first;
  s.longest_backoff = o.max_backoff;
  s.suspicion = o.suspicion;
  s.renew_after = o.renew_after;
  s.seed = std::random_device{}();
  s.reverse = o.reverse;
  return s;
}

}  // namespace

client::client(const executor& where, tunnel_options options)
    : executor_(where),
      options_(std::move(options)),
      tls_(tls_context::client()),
      given_(options_.paths),
      driver_(where, *this),
      policy_(settings_of(options_, given_), driver_, *this,
              trace::lines_for([this](event_weight weight, const std::string& line) { report(line, weight); },
                               options_.wants_details)),
      uplinks_(given_.make_uplinks()),
      interfaces_(where),
      bridges_(where, std::rethrow_exception),
      changed_(where) {
  for (std::size_t i = 0; i < given_.named.size(); ++i)
    paths_.push_back(std::make_unique<path>(given_.names[i], given_.named[i]));
  vacant_.resize(given_.patterns.size());
  policy_.hand_accepted_to(*this);
}

// ---- from beginning to end ----

task<> client::run(std::shared_ptr<client> self) {
  self->policy_.start(now());
  self->start_following();
  self->carry_out_actions();
  while (!self->policy_.stopped()) co_await self->changed_.wait();
  co_await self->bridges_.wait();
  self->policy_.end();
}

task<error_code> client::wait_up(std::shared_ptr<client> self, std::size_t bridges) {
  while (!self->policy_.stopped() && self->policy_.bridge_count() < bridges) co_await self->changed_.wait();
  co_return self->policy_.stopped() ? error_code(asio::error::operation_aborted) : error_code();
}

void client::stop(std::chrono::milliseconds patience) {
  policy_.stop(patience, now());
  requests_.clear();
  requests_.cancel();
  for (const auto& [id, dial] : dials_) dial.by->abort();
  for (const auto& one : paths_) one->book.names.cancel();
  interfaces_.close();
  changed_.notify_all();
}

// The application drops the tunnel: what is still running ends by itself, and reports to nobody any more.
void client::abort() {
  options_.on_event = nullptr;
  stop();
  policy_.end();
}

void client::work(core::timestamp now) {
  if (change_paths(now)) tell_vacancies();
  policy_.work(now);
  carry_out_actions();
}

void client::report(const std::string& line, event_weight weight) const {
  if (options_.on_event) options_.on_event(weight, line);
}

tunnel_snapshot client::snapshot() const {
  tunnel_snapshot out;
  policy_.describe(out, now());
  for (path_snapshot& is : out.paths) {
    const path_options& options = paths_[is.number]->options;
    is.congestion = options.congestion;
    if (options.proxy) is.proxy = to_string(*options.proxy);
  }
  for (std::size_t i = 0; i < given_.patterns.size(); ++i)
    out.patterns.push_back({given_.patterns[i].interface, uplinks_.count(i)});
  return out;
}

// ---- opening streams ----

void client::open(std::uint64_t ticket, open_request request, open_completion done) {
  if (policy_.stopped()) return done(asio::error::operation_aborted, {});
  const core::target& to = request.to;
  if (!core::is_association(to) && !core::is_host(to.host)) return done(core::refusal::host_unreachable, {});
  opening_.emplace(ticket, std::move(done));
  policy_.open(ticket, std::move(request.to), std::move(request.early), now());
}

void client::on_opened(std::uint64_t ticket, session& through, core::stream_id id, const core::target& to,
                       bool stopped) {
  auto opened = std::make_unique<stream_impl>(through, executor_, id, to, through.engine().bound_address(id));
  if (stopped) opened->on_stopped();
  complete(ticket, {}, stream(std::move(opened)));
}

void client::on_not_opened(std::uint64_t ticket, error_code why) { complete(ticket, why, {}); }

void client::complete(std::uint64_t ticket, error_code error, stream opened) {
  const auto found = opening_.find(ticket);
  open_completion done = std::move(found->second);
  opening_.erase(found);
  done(error, std::move(opened));
}

// ---- streams of the server's ----

void client::on_accepted(session& through, core::stream_id id, const reverse_options& by) {
  auto asked =
      std::make_unique<stream_impl>(through, executor_, id, by.to, core::target(), through.engine().target_of(id));
  requests_.push(incoming(stream(std::move(asked)), {}, {}));
}

}  // namespace mtcp::detail
