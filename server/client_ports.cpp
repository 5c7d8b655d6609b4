#include "client_ports.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <optional>
#include <string>
#include <utility>

#include "audit_entry.hpp"
#include "mtcp/address.hpp"
#include "mtcp/net/client_listener.hpp"
#include "mtcp/net/listener.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/relay.hpp"
#include "mtcp/reverse_options.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "worker.hpp"

namespace mtcp::server {
namespace {

constexpr std::size_t max_connections = 4096;  // of one listener; others wait in the system's queue

/// What a client is told of a socket that could not listen.
core::refusal refusal_for(const error_code& why) {
  if (why == asio::error::address_in_use) return core::refusal::connection_refused;
  if (why == boost::system::errc::address_not_available) return core::refusal::host_unreachable;
  if (why == asio::error::address_family_not_supported) return core::refusal::host_unreachable;
  return core::refusal::general;
}

}  // namespace

struct client_ports::port {
  port(client_ports& all, const incoming& request, const core::target& where)
      : user(request.user()),
        owner(request.owner()),
        from(request.from()),
        session(request.session()),
        asked(request.target()),
        here(std::in_place, all.places_.listeners, owner),
        descriptor(all.places_.descriptors, owner, 1) {
    if (!*here || descriptor.count() == 0) return;
    const auto serve = [this, &all](tcp::socket peer) { return all.serve_connection(self.lock(), std::move(peer)); };
    sockets.emplace(all.executor_, program::endpoints_of(where).front(), max_connections, serve,
                    program::report_failure);
  }

  std::string user;
  key_id owner;
  std::string from, session;  // of the client, when it asked
  core::target asked;
  std::optional<places::place> here;  // among the listeners
  descriptor_claim descriptor;
  std::optional<listener> sockets{};        // unset if there was no room
  std::optional<client_listener> client{};  // once the client knows
  std::weak_ptr<port> self{};

  void close() {
    sockets->stop();
    here.reset();
    descriptor.keep(0);
  }
};

client_ports::client_ports(const executor& where, common_places& places) : executor_(where), places_(places) {}
client_ports::~client_ports() = default;

void client_ports::set_rules(listen_rules allowed, std::map<key_id, listen_rules> of_keys) {
  rules_ = std::move(allowed);
  rules_of_keys_ = std::move(of_keys);
  for (const port_ref& one : open_)
    if (!rules_of(one->owner).place_for(one->asked)) one->client->end();
}

const listen_rules& client_ports::rules_of(const key_id& owner) const {
  const auto own = rules_of_keys_.find(owner);
  return own == rules_of_keys_.end() ? rules_ : own->second;
}

void client_ports::stop() {
  for (const port_ref& one : open_) one->client->end();
}

/// Any client may ask as often as it likes.
void client_ports::complain(const incoming& request, const std::string& why) {
  if (places_.descriptors.may_complain(request.owner(), descriptor_shares::clock::now()))
    spdlog::info("{} may not listen on {}: {}", request.user(), listen_name(request.target()), why);
}

bool client_ports::free_deserted(const key_id& owner, const core::target& asked) {
  const auto is_that = [&](const port_ref& one) {
    return one->owner == owner && one->asked == asked && one->client->deserted();
  };
  const auto found = std::ranges::find_if(open_, is_that);
  if (found == open_.end()) return false;
  (*found)->client->end();
  (*found)->close();
  return true;
}

// Null if there was no room for it. Throws boost::system::system_error.
client_ports::port_ref client_ports::try_open(const incoming& request, const core::target& where) {
  auto made = std::make_shared<port>(*this, request, where);
  return made->sockets ? made : nullptr;
}

// Null if it cannot be; `why` says what the client is told.
client_ports::port_ref client_ports::open(const incoming& request, core::refusal& why) try {
  why = core::refusal::policy;
  const auto where = rules_of(request.owner()).place_for(request.target());
  if (!where) {
    complain(request, "no --allow-listen covers it, and no listen= of its key");
    return nullptr;
  }
  why = core::refusal::general;
  if (free_deserted(request.owner(), request.target()))
    spdlog::info("{} takes over {}", request.user(), listen_name(request.target()));
  port_ref made = try_open(request, *where);
  if (!made) complain(request, "its key has its share of listeners or file descriptors");
  return made;
} catch (const boost::system::system_error& e) {
  complain(request, e.code().message());
  why = refusal_for(e.code());
  // Perhaps in another thread; the client asks again in a few seconds.
  if (why == core::refusal::connection_refused) places_.free_deserted(request.owner(), request.target());
  return nullptr;
}

task<> client_ports::serve(incoming request) {
  core::refusal why = core::refusal::general;
  const port_ref on = open(request, why);
  if (!on) co_return request.refuse(why);
  on->self = on;
  const core::target bound = to_target(on->sockets->local_endpoint());
  on->client.emplace(request.answer(bound));
  spdlog::info("{} listens on {}", on->user, to_string(bound));
  co_await listen(on);
}

task<> client_ports::listen(port_ref on) {
  const auto place = open_.insert(open_.end(), on);
  task_group accepting(executor_, program::report_failure);
  accepting.start(on->sockets->run());
  co_await on->client->wait_end();
  open_.erase(place);
  on->close();
  spdlog::info("{} no longer listens on {}", on->user, to_string(to_target(on->sockets->local_endpoint())));
  co_await accepting.wait();
}

task<> client_ports::serve_connection(port_ref of, tcp::socket peer) {
  error_code gone;
  const tcp::endpoint from = peer.remote_endpoint(gone);
  if (gone) co_return;
  const descriptor_claim claim(places_.descriptors, of->owner, 1);
  const stream_place place(places_.keys.of(of->owner), stream_place::kind::accepted);
  const core::target source = to_target({unmapped(from.address()), from.port()});
  stream to_client = claim.count() == 0 || !place.granted() ? stream() : of->client->accept(source);
  const bool taken = to_client.is_open();
  spdlog::debug("{} {} from {}: {}", of->user, listen_name(of->asked), to_string(source), taken ? "open" : "refused");
  if (!taken) co_return co_await close_with_reset(peer);
  platform::set_keep_alive(peer, keep_alive_);
  audit_entry entry(places_.audit, {of->user, of->owner, of->from, of->session},
                    to_string(to_target(of->sockets->local_endpoint())), to_string(source));
  entry.ended(co_await relay(std::move(to_client), std::move(peer), std::chrono::seconds(10), place.pace()));
}

}  // namespace mtcp::server
