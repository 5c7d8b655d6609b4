#include "mtcp/net/dial/resolver_channel.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <stdexcept>

#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/net/platform/file_opening.hpp"
#include "mtcp/net/platform/own_addresses.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp::detail {
namespace {

constexpr int rounds = 3;

void require(int status) {
  if (status != ARES_SUCCESS) throw std::runtime_error(std::string("c-ares: ") + ares_strerror(status));
}

/// The library's global state: once per process, before the first channel.
void start_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  require(status);
}

ip_address address_of(const ares_addr_port_node& server) {
  if (server.family == AF_INET) return asio::ip::address_v4(ntohl(server.addr.addr4.s_addr));
  asio::ip::address_v6::bytes_type bytes;
  std::copy_n(reinterpret_cast<const unsigned char*>(&server.addr.addr6), bytes.size(), bytes.begin());
  return asio::ip::address_v6(bytes);
}

bool asks_this_machine(ares_channel channel) {
  ares_addr_port_node* servers = nullptr;
  if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS) return false;
  const std::unique_ptr<ares_addr_port_node, decltype(&ares_free_data)> owner(servers, ares_free_data);
  const own_addresses here;
  for (auto server = servers; server != nullptr; server = server->next)
    if (here.contains(unmapped(address_of(*server)))) return true;
  return false;
}

// From a link-local address only its own link can be reached: name servers are, through the same interface.
question_way way_of(const resolver_options& options) {
  const auto bind = zoned_address::parse(options.bind);
  if (!bind) return {options.interface, {}};
  if (!bind->zone().empty()) return {bind->zone(), {}};
  return {options.interface, bind->without_zone()};
}

/// Of c-ares: called for each of its sockets before that is used. Where it may not be marked the lookup fails.
int mark_socket(ares_socket_t socket, int /*type*/, void* mark) {
  return platform::set_mark(socket, *static_cast<const std::uint32_t*>(mark)) ? -1 : 0;
}

struct question {
  int family = AF_UNSPEC;
  resolver_channel::callback done;
};

void on_answer(void* argument, int status, int /*timeouts*/, ares_addrinfo* found) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(found, ares_freeaddrinfo);
  const std::unique_ptr<question> asked(static_cast<question*>(argument));
  asked->done(lookup_answer::of(asked->family, status, found));
}

}  // namespace

/// A socket of c-ares, which owns it; here it is only waited for.
struct resolver_channel::watch {
  watch(const executor& where, ares_socket_t fd) : descriptor(where, fd) {}
  ~watch() { descriptor.release(); }

  asio::posix::basic_stream_descriptor<executor> descriptor;
  bool wants_read = false, wants_write = false;  // what c-ares asked for
  bool reading = false, writing = false;         // what is being waited for
};

resolver_channel::resolver_channel(const executor& where, const resolver_options& options)
    : executor_(where), timer_(where), mark_(options.mark) {
  start_library();
  const platform::lent_file lent(options.resolv_conf);
  std::string resolv_conf = lent.path();
  ares_options settings{};
  settings.timeout = static_cast<int>(first_timeout.count());
  settings.tries = rounds;
  settings.sock_state_cb = on_socket_state;
  settings.sock_state_cb_data = this;
  settings.resolvconf_path = resolv_conf.data();
  settings.udp_port = settings.tcp_port = options.port;
  std::string only_dns = "b";  // the hosts file is read once for all lookups, by hosts_file.hpp
  settings.lookups = only_dns.data();
  constexpr int which = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF |
                        ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_LOOKUPS;
  ares_channel channel = nullptr;
  require(ares_init_options(&channel, &settings, which));
  channel_.reset(channel);
  name_servers(options);
  choose_way(options);
  if (mark_ != 0) ares_set_socket_configure_callback(channel_.get(), mark_socket, &mark_);
}

resolver_channel::~resolver_channel() = default;

void resolver_channel::name_servers(const resolver_options& options) {
  if (!options.servers.empty()) return require(ares_set_servers_ports_csv(channel_.get(), options.servers.c_str()));
  links_ = link_servers::read(options.resolv_conf, options.port);
  if (links_) require(links_->install(channel_.get()));
}

void resolver_channel::choose_way(const resolver_options& options) {
  if (options.interface.empty() && options.bind.empty()) return;
  if (asks_this_machine(channel_.get())) return;
  const question_way way = way_of(options);
  if (links_) return links_->leave_by(way);
  if (!way.interface.empty()) ares_set_local_dev(channel_.get(), way.interface.c_str());
  if (!way.local) return;
  if (way.local->is_v4()) ares_set_local_ip4(channel_.get(), way.local->to_v4().to_uint());
  if (way.local->is_v6()) ares_set_local_ip6(channel_.get(), way.local->to_v6().to_bytes().data());
}

void resolver_channel::lookup(const std::string& name, family which, callback done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = which == family::ipv4 ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  if (under_way_++ == 0) heard_ = clock::now();
  auto ended = std::make_unique<question>();
  ended->family = hints.ai_family;
  ended->done = [this, done = std::move(done)](lookup_answer answer) {
    --under_way_;
    heard_ = clock::now();
    done(std::move(answer));
  };
  ares_getaddrinfo(channel_.get(), name.c_str(), nullptr, &hints, on_answer, ended.release());
  arm_timer();
}

void resolver_channel::cancel() {
  ares_cancel(channel_.get());
  arm_timer();
}

void resolver_channel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<resolver_channel*>(self)->set_interest(fd, readable != 0, writable != 0);
}

// c-ares says "neither" just before it closes a socket, whose number may be in use again at once.
void resolver_channel::set_interest(ares_socket_t fd, bool readable, bool writable) {
  auto& w = watches_[fd];
  if (!readable && !writable) {
    if (w) w->descriptor.release();
    watches_.erase(fd);
    return;
  }
  if (!w) w = std::make_shared<watch>(executor_, fd);
  w->wants_read = readable;
  w->wants_write = writable;
  arm(w);
}

void resolver_channel::arm(const std::shared_ptr<watch>& w) {
  if (w->wants_read && !w->reading) wait(w, true);
  if (w->wants_write && !w->writing) wait(w, false);
}

void resolver_channel::wait(const std::shared_ptr<watch>& w, bool read) {
  using kind = asio::posix::descriptor_base;
  (read ? w->reading : w->writing) = true;
  const auto ready = [this, seen = std::weak_ptr(w), read](error_code) { on_ready(seen, read); };
  w->descriptor.async_wait(read ? kind::wait_read : kind::wait_write, life_.guard(ready));
}

void resolver_channel::on_ready(const std::weak_ptr<watch>& seen, bool read) {
  const std::shared_ptr<watch> w = seen.lock();
  if (!w) return;  // c-ares has closed it
  (read ? w->reading : w->writing) = false;
  const ares_socket_t fd = w->descriptor.native_handle();
  process(read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
  if (const auto it = watches_.find(fd); it != watches_.end() && it->second == w) arm(w);
}

void resolver_channel::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_.get(), readable, writable);
  arm_timer();
}

void resolver_channel::arm_timer() {
  timeval left{};
  if (ares_timeout(channel_.get(), nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  timer_.async_wait(life_.guard([this](error_code error) {
    if (!error) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }));
}

}  // namespace mtcp::detail
