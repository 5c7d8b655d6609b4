#include "router.hpp"

#include <algorithm>
#include <vector>

#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp::client {
namespace {

const origin here{asio::ip::address_v4::loopback()};
const origin elsewhere{};

core::address_bits bits_of(const ip_address& address) {
  return proxy::literal_bits(address.to_string()).value_or(core::address_bits{});
}

}  // namespace

origin origin_of(const tcp::socket& application) {
  error_code gone;
  return {unmapped(application.remote_endpoint(gone).address())};
}

router::router(const executor& where, rule_settings rules, const dial_options& sockets, own_addresses::source addresses,
               own_links::source links)
    : rules_(std::move(rules)),
      machine_(std::move(addresses)),
      links_(std::move(links)),
      mark_(sockets.mark),
      names_(where, {.mark = mark_, .local_names = true}),
      from_here_(
          names_, [this](const tcp::endpoint& to) { return permits(to, proxy::transport::tcp, here); }, sockets),
      from_elsewhere_(
          names_, [this](const tcp::endpoint& to) { return permits(to, proxy::transport::tcp, elsewhere); }, sockets) {}

void router::set_keep_alive(std::chrono::seconds idle) {
  from_here_.set_keep_alive(idle);
  from_elsewhere_.set_keep_alive(idle);
}

router::way router::way_to(const core::target& to, proxy::transport over, const origin& from) {
  const auto found = rules_.table->find(to.host, to.port, over);
  using kind = proxy::route_table::decision::kind;
  if (found.by == kind::none)
    return {.to = is_direct_by_default(to, from) ? proxy::route::direct : proxy::route::tunnel};
  way out{.to = found.what.to};
  if (out.to == proxy::route::block) out.rule = rules_.table->describe(found, to.host, to.port, over);
  return out;
}

bool router::is_direct_by_default(const core::target& to, const origin& from) {
  if (!rules_.defaults) return false;
  if (proxy::is_loopback_name(to.host)) return from.is_here();
  const auto literal = zoned_address::parse(to.host);
  if (!literal) return false;
  const ip_address address = unmapped(literal->without_zone());
  return address.is_loopback() ? from.is_here() : is_linked(address, from);
}

bool router::is_linked(const ip_address& address, const origin& from) {
  return std::ranges::any_of(links_.blocks(), [&](const network& block) {
    return block.contains(address) && (from.is_here() || block.contains(from.address));
  });
}

bool router::is_own(const ip_address& address) const {
  const ip_address known = unmapped(address);
  if (machine_.contains(known)) return true;
  const auto inside = known.is_v6() ? embedded_ipv4(known.to_v6()) : std::nullopt;
  return inside && machine_.contains(*inside);
}

// What a direct name leads to is known by then: rules that block its address hold.
bool router::permits(const tcp::endpoint& to, proxy::transport over, const origin& from) const {
  if (!from.is_here() && is_own(to.address())) return false;
  const auto found = rules_.table->find_address(bits_of(unmapped(to.address())), to.port(), over);
  return found.by != proxy::route_table::decision::kind::block || found.what.to != proxy::route::block;
}

task<dialed> router::dial(core::target to, const origin& from) {
  dialer& by = from.is_here() ? from_here_ : from_elsewhere_;
  co_return co_await by.dial(std::move(to));
}

result<std::unique_ptr<datagram_exit>> router::open_exit(const executor& where, const origin& from,
                                                         datagram_socket::receiver back) {
  permission allowed = [this, from](const tcp::endpoint& to) { return permits(to, proxy::transport::udp, from); };
  datagram_exit::options how;
  how.on_datagram = [this, back = std::move(back)](std::span<const std::byte> datagram, const udp::endpoint& by) {
    connections_.datagram_down(datagram.size());
    back(datagram, by);
  };
  how.on_sent = [this](std::size_t size) { connections_.datagram_up(size); };
  how.mark = mark_;
  auto out = std::make_unique<datagram_exit>(where, names_, std::move(allowed), std::move(how));
  if (const error_code error = out->open()) return error;
  return out;
}

void router::stop() {
  connections_.reset_all();
  const std::vector<under_way*> all(dials_.begin(), dials_.end());
  for (under_way* one : all) one->cancel_();
}

std::string router::pac(const core::target& proxy, bool with_users, const origin& browser) {
  proxy::pac_options how{.with_users = with_users, .rules = rules_.table.get()};
  how.loopback = rules_.defaults && browser.is_here();
  if (rules_.defaults)
    for (const network& block : links_.blocks())
      if (is_linked(block.base(), browser)) how.links.push_back({bits_of(block.base()), block.prefix_length()});
  return proxy::proxy_pac(proxy, how);
}

}  // namespace mtcp::client
