#include "mtcp/acceptor.hpp"

#include "mtcp/net/acceptor_server.hpp"
#include "mtcp/net/stream_impl.hpp"

namespace mtcp {

// ---- incoming ----

incoming::~incoming() { refuse(core::refusal::general); }

incoming& incoming::operator=(incoming&& other) noexcept {
  if (this == &other) return *this;
  refuse(core::refusal::general);
  stream_ = std::move(other.stream_);
  user_ = std::move(other.user_);
  owner_ = other.owner_;
  from_ = std::move(other.from_);
  session_ = std::move(other.session_);
  listens_ = other.listens_;
  return *this;
}

stream incoming::answer(const core::target& bound) {
  static_cast<detail::stream_impl*>(stream_.impl_.get())->answer(bound);  // it is the tunnel's
  return std::move(stream_);
}

void incoming::refuse(core::refusal why) {
  if (stream_.impl_) static_cast<detail::stream_impl*>(stream_.impl_.get())->refuse(why);
  stream_.impl_.reset();
}

// ---- acceptor ----

acceptor::acceptor(asio::io_context& io, acceptor_options options)
    : impl_(std::make_shared<detail::server>(io.get_executor(), std::move(options))) {
  impl_->enter_group();
}

acceptor::~acceptor() {
  if (impl_) impl_->abort();
}

acceptor::acceptor(acceptor&&) noexcept = default;

acceptor& acceptor::operator=(acceptor&& other) noexcept {
  if (impl_ && impl_ != other.impl_) impl_->abort();
  impl_ = std::move(other.impl_);
  return *this;
}

acceptor::executor_type acceptor::get_executor() const noexcept { return impl_->get_executor(); }
std::vector<asio::ip::tcp::endpoint> acceptor::local_endpoints() const { return impl_->local_endpoints(); }
task<> acceptor::run() { return detail::server::run(impl_); }
void acceptor::drain() { impl_->drain(); }
void acceptor::stop(std::chrono::milliseconds patience) { impl_->stop(patience); }
void acceptor::set_keys(key_ring keys, key_quotas quotas) { impl_->set_keys(std::move(keys), std::move(quotas)); }
void acceptor::set_trusted_proxies(std::vector<network> proxies) { impl_->set_trusted_proxies(std::move(proxies)); }
void acceptor::on_stranger(std::function<void(const ip_address&, stranger)> told) {
  impl_->on_stranger(std::move(told));
}
bool acceptor::close_stream(std::string_view session, core::stream_id id) { return impl_->close_stream(session, id); }
void acceptor::close_streams(const key_id& owner, core::reset_code why) { impl_->close_streams(owner, why); }
acceptor_snapshot acceptor::snapshot() const { return impl_->snapshot(); }

namespace detail {

executor executor_of(const server& self) { return self.get_executor(); }
bool try_accept(server& self, error_code& error, incoming& out) { return self.try_accept(error, out); }
void wait_accept(server& self, accept_completion done) { self.wait_accept(std::move(done)); }
void cancel_accept(server& self) { self.cancel_accept(); }

}  // namespace detail
}  // namespace mtcp
