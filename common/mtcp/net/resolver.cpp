#include "mtcp/net/resolver.hpp"

#include <algorithm>

namespace mtcp {
namespace {

constexpr std::chrono::milliseconds resolution_delay{50};
constexpr std::chrono::seconds longest_ttl{300};
constexpr std::size_t most_entries = 1'024;

std::vector<ip_address> loopback() { return {asio::ip::address_v6::loopback(), asio::ip::address_v4::loopback()}; }

/// Names that always mean this machine (RFC 6761, section 6.3). c-ares knows them too, but 1.18 leaks memory then.
bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

}  // namespace

/// One name: what both questions gave so far, and who waits for it.
struct resolver::entry {
  detail::lookup_answer v6, v4;
  unsigned open_questions = 2;
  clock::time_point late_at = clock::time_point::max();  // when one family alone is enough
  clock::time_point expires = clock::time_point::max();
  std::vector<timer*> waiting;

  bool usable() const { return !v6.addresses.empty() || !v4.addresses.empty(); }
  bool answered() const { return open_questions == 0 || clock::now() >= late_at; }
  bool stale() const { return open_questions == 0 && clock::now() >= expires; }

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

/// Leaves the entry's list however the wait ends.
struct resolver::waiter {
  waiter(const executor& where, entry& on) : wake(where), entry_(on) { entry_.waiting.push_back(&wake); }
  ~waiter() { std::erase(entry_.waiting, &wake); }
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  timer wake;

 private:
  entry& entry_;
};

resolver::resolver(const executor& where, const std::string& servers) : executor_(where), channel_(where, servers) {}
resolver::~resolver() = default;

task<result<std::vector<ip_address>>> resolver::resolve(std::string name, clock::time_point deadline) {
  if (const auto literal = parse_address(name)) co_return std::vector<ip_address>{*literal};
  if (is_localhost(name)) co_return loopback();
  const std::shared_ptr<entry> e = find_or_ask(name);
  waiter self(executor_, *e);
  while (!e->answered() && clock::now() < deadline) {
    self.wake.expires_at(std::min(deadline, e->late_at));
    co_await self.wake.async_wait(use_result);
  }
  co_return e->outcome();
}

std::shared_ptr<resolver::entry> resolver::find_or_ask(const std::string& name) {
  const auto it = entries_.find(name);
  if (it != entries_.end() && !it->second->stale()) return it->second;
  make_room();
  const auto fresh = std::make_shared<entry>();
  entries_.insert_or_assign(name, fresh);
  ask(name, fresh);
  return fresh;
}

void resolver::ask(const std::string& name, const std::shared_ptr<entry>& e) {
  using family = detail::resolver_channel::family;
  channel_.lookup(name, family::ipv6, [e](detail::lookup_answer a) { e->take(e->v6, std::move(a)); });
  channel_.lookup(name, family::ipv4, [e](detail::lookup_answer a) { e->take(e->v4, std::move(a)); });
}

void resolver::make_room() {
  if (entries_.size() < most_entries) return;
  std::erase_if(entries_, [](const auto& item) { return item.second->stale(); });
  if (entries_.size() >= most_entries) entries_.erase(entries_.begin());
}

}  // namespace mtcp
