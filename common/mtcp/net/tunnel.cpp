#include "mtcp/tunnel.hpp"

#include "mtcp/net/client.hpp"

namespace mtcp {

tunnel::tunnel(asio::io_context& io, tunnel_options options)
    : impl_(std::make_shared<detail::client>(io.get_executor(), std::move(options))) {}

tunnel::~tunnel() {
  if (impl_) impl_->abort();
}

tunnel::tunnel(tunnel&&) noexcept = default;

tunnel& tunnel::operator=(tunnel&& other) noexcept {
  if (impl_ && impl_ != other.impl_) impl_->abort();
  impl_ = std::move(other.impl_);
  return *this;
}

tunnel::executor_type tunnel::get_executor() const noexcept { return impl_->get_executor(); }
task<> tunnel::run() { return detail::client::run(impl_); }
void tunnel::stop(std::chrono::milliseconds patience) { impl_->stop(patience); }
task<error_code> tunnel::wait_up(std::size_t bridges) { return detail::client::wait_up(impl_, bridges); }
void tunnel::stop_listening() { impl_->stop_listening(); }
bool tunnel::close_stream(core::stream_id id) { return impl_->close_stream(id); }
bool tunnel::change_path(const std::string& name, core::path_role role, std::uint64_t rate_limit) {
  return impl_->change_path(name, role, rate_limit);
}
std::uint64_t tunnel::on_wire(const std::string& path) const { return impl_->on_wire(path); }
bool tunnel::set_bridge_enabled(core::bridge_id id, bool on) { return impl_->set_bridge_enabled(id, on); }
tunnel_snapshot tunnel::snapshot() const { return impl_->snapshot(); }

namespace detail {

std::uint64_t next_ticket(client& self) { return self.next_ticket(); }
void start_open(client& self, std::uint64_t ticket, open_request request, open_completion done) {
  self.open(ticket, std::move(request), std::move(done));
}
void cancel_open(client& self, std::uint64_t ticket) { self.cancel_open(ticket); }
bool try_accept(client& self, error_code& error, incoming& out) { return self.try_accept(error, out); }
void wait_accept(client& self, accept_completion done) { self.wait_accept(std::move(done)); }
void cancel_accept(client& self) { self.cancel_accept(); }
executor executor_of(const client& self) { return self.get_executor(); }

}  // namespace detail
}  // namespace mtcp
