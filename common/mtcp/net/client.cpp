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

std::string description(const path_options& o) {
  std::string text = to_string(core::target{o.host, o.port});
  if (o.last_port > o.port) text += '-' + std::to_string(o.last_port);
  if (!o.bind.empty()) text += " from " + o.bind;
  if (!o.interface.empty()) text += " through " + o.interface;
  return text;
}

// A name that none of `others` has.
std::string distinct(const std::string& plain, const std::vector<path_settings>& others) {
  std::string name = plain;
  const auto has_name = [&name](const path_settings& other) { return other.name == name; };
  for (int number = 2; std::ranges::any_of(others, has_name); ++number)
    name = plain + " (" + std::to_string(number) + ')';
  return name;
}

client_settings settings_of(const tunnel_options& o) {
  client_settings s;
  for (const path_options& p : o.paths) {
    const std::string plain = p.name.empty() ? description(p) : p.name;
    s.paths.push_back({distinct(plain, s.paths), p.bridges, p.tune_bridges, p.use, p.rotate, p.pace});
  }
  s.limits = o.limits;
  s.resume_timeout = o.resume_timeout;
  s.first_backoff = o.backoff_first;
  s.longest_backoff = o.max_backoff;
  s.suspicion = o.suspicion;
  s.seed = std::random_device{}();
  return s;
}

}  // namespace

client::client(const executor& where, tunnel_options options)
    : executor_(where),
      options_(std::move(options)),
      tls_(tls_context::client()),
      driver_(where, *this),
      policy_(settings_of(options_), driver_, *this,
              trace::lines_for([this](const std::string& line) { report(line); }, options_.wants_details)),
      bridges_(where, std::rethrow_exception),
      changed_(where) {
  for (const path_options& path : options_.paths) books_.emplace_back(path);
}

// ---- from beginning to end ----

task<> client::run(std::shared_ptr<client> self) {
  self->policy_.start(now());
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
  for (const auto& [id, dial] : dials_) dial.by->abort();
  for (address_book& book : books_) book.names.cancel();
  changed_.notify_all();
}

// The application drops the tunnel: what is still running ends by itself, and reports to nobody any more.
void client::abort() {
  options_.on_event = nullptr;
  stop();
  policy_.end();
}

void client::work(core::timestamp now) {
  policy_.work(now);
  carry_out_actions();
}

void client::report(const std::string& line) const {
  if (options_.on_event) options_.on_event(line);
}

tunnel_snapshot client::snapshot() const {
  tunnel_snapshot out;
  policy_.describe(out, now());
  for (std::size_t i = 0; i < out.paths.size(); ++i) out.paths[i].congestion = options_.paths[i].congestion;
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

}  // namespace mtcp::detail
