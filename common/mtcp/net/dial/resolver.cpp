#include "mtcp/net/dial/resolver.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "mtcp/core/base/ascii.hpp"
#include "mtcp/core/wire/host.hpp"
#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp {
namespace {

constexpr std::chrono::milliseconds resolution_delay{50};
constexpr std::chrono::seconds longest_ttl{300};
constexpr std::chrono::milliseconds shared_for = detail::resolver_channel::first_timeout;
constexpr std::size_t max_entries = 1'024;

/// Names that always mean this machine (RFC 6761, section 6.3). c-ares knows them too, but 1.18 leaks memory then.
bool is_localhost(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  constexpr std::string_view last = "localhost";
  if (name.size() < last.size()) return false;
  const std::string_view end = name.substr(name.size() - last.size());
  return core::equal_without_case(end, last) &&
         (end.size() == name.size() || name[name.size() - end.size() - 1] == '.');
}

}  // namespace

/// One name: what both questions gave so far, and who waits for it.
struct resolver::entry {
  detail::lookup_answer v6, v4;
  unsigned open_questions = 2;
  clock::time_point asked = clock::now();
  clock::time_point late_at = clock::time_point::max();  // when one family alone is enough
  clock::time_point expires = clock::time_point::max();
  std::vector<timer*> waiting;

  /// What needs no question.
  static std::shared_ptr<entry> of(std::vector<ip_address> addresses) {
    const auto known = std::make_shared<entry>();
    known->v6.addresses = std::move(addresses);
    known->open_questions = 0;
    return known;
  }

  static std::shared_ptr<entry> of(const zoned_address& literal) {
    const auto here = literal.here();
    return here ? of(std::vector{*here}) : of_none();
  }

  /// What can be no name.
  static std::shared_ptr<entry> of_none() {
    const auto known = of(std::vector<ip_address>());
    known->v6.error = known->v4.error = asio::error::host_not_found;
    return known;
  }

  bool usable() const { return !v6.addresses.empty() || !v4.addresses.empty(); }
  bool answered() const { return open_questions == 0 || clock::now() >= late_at; }
  bool stale() const {
    if (open_questions != 0) return !usable() && clock::now() >= asked + shared_for;
    return clock::now() >= expires;
  }

  void take(detail::lookup_answer& place, detail::lookup_answer answer) {
    place = std::move(answer);
    --open_questions;
    const auto now = clock::now();
    if (usable()) late_at = std::min(late_at, now + resolution_delay);
    if (open_questions == 0) expires = usable() ? now + std::min(lifetime(), longest_ttl) : now;
    for (timer* t : waiting) t->cancel();
  }

  result<std::vector<ip_address>> outcome() const {
    std::vector<ip_address> all = v6.addresses;
    all.insert(all.end(), v4.addresses.begin(), v4.addresses.end());
    if (!all.empty()) return all;
    if (open_questions != 0) return error_code(asio::error::timed_out);
    // "No such name" of one family says less than a failure of the other.
    return v6.error == asio::error::host_not_found ? v4.error : v6.error;
  }

 private:
  std::chrono::seconds lifetime() const {
    const auto of = [](const detail::lookup_answer& a) {
      if (a.error == asio::error::operation_aborted) return std::chrono::seconds(0);
      return a.error ? longest_ttl : a.ttl;
    };
    return std::min(of(v6), of(v4));
  }
};

resolver::lookup::lookup(resolver& names, const std::string& name, timer& wake)
    : entry_(names.find_or_ask(name)), wake_(wake) {
  entry_->waiting.push_back(&wake_);
}

resolver::lookup::~lookup() { std::erase(entry_->waiting, &wake_); }

bool resolver::lookup::ended() const { return entry_->answered(); }

resolver::clock::time_point resolver::lookup::next() const { return entry_->late_at; }

result<std::vector<ip_address>> resolver::lookup::outcome() const { return entry_->outcome(); }

resolver::resolver(const executor& where, resolver_options options)
    : executor_(where), options_(std::move(options)), hosts_(options_.hosts) {
  if (options_.servers.empty()) resolv_conf_.emplace(options_.resolv_conf, clock::now());
  channel_ = std::make_unique<detail::resolver_channel>(executor_, options_);
}

resolver::~resolver() = default;

task<result<std::vector<ip_address>>> resolver::resolve(std::string name, clock::time_point deadline) {
  timer wake(executor_);
  const lookup asked(*this, name, wake);
  while (!asked.ended() && clock::now() < deadline) {
    wake.expires_at(std::min(deadline, asked.next()));
    co_await wake.async_wait(use_result);
  }
  co_return asked.outcome();
}

void resolver::forget(const std::string& name) {
  const auto it = entries_.find(name);
  if (it != entries_.end() && it->second->open_questions == 0) entries_.erase(it);
}

void resolver::cancel() {
  for (const auto& channel : former_) channel->cancel();
  channel_->cancel();
}

std::shared_ptr<resolver::entry> resolver::find_or_ask(const std::string& name) {
  if (const auto literal = zoned_address::parse(name)) return entry::of(*literal);
  if (is_localhost(name))
    return entry::of(std::vector<ip_address>{asio::ip::address_v6::loopback(), asio::ip::address_v4::loopback()});
  if (!core::is_host(name)) return entry::of_none();
  if (options_.local_names)
    if (auto listed = hosts_.find(name, clock::now()); !listed.empty()) return entry::of(std::move(listed));
  renew_channel(clock::now());
  const auto it = entries_.find(name);
  if (it != entries_.end() && !it->second->stale()) return it->second;
  make_room();
  const auto fresh = std::make_shared<entry>();
  entries_.insert_or_assign(name, fresh);
  ask(name, fresh);
  return fresh;
}

// A channel with lookups under way is kept until it is idle, since its lookups use it.
void resolver::renew_channel(clock::time_point now) {
  std::erase_if(former_, [](const auto& channel) { return channel->idle(); });
  const bool other_servers = resolv_conf_ && resolv_conf_->changed(now);
  if (!other_servers && !channel_->silent(now)) return;
  try {
    auto next = std::make_unique<detail::resolver_channel>(executor_, options_);
    former_.push_back(std::exchange(channel_, std::move(next)));
    if (other_servers) entries_.clear();
  } catch (const std::runtime_error&) {
    if (other_servers) resolv_conf_->forget();
  }
}

void resolver::ask(const std::string& name, const std::shared_ptr<entry>& e) {
  using family = detail::resolver_channel::family;
  const std::string asked = options_.local_names || name.ends_with('.') ? name : name + '.';
  channel_->lookup(asked, family::ipv6, [e](detail::lookup_answer a) { e->take(e->v6, std::move(a)); });
  channel_->lookup(asked, family::ipv4, [e](detail::lookup_answer a) { e->take(e->v4, std::move(a)); });
}

void resolver::make_room() {
  if (entries_.size() < max_entries) return;
  std::erase_if(entries_, [](const auto& item) { return item.second->stale(); });
  if (entries_.size() >= max_entries) entries_.erase(entries_.begin());
}

}  // namespace mtcp
