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
  return *this;
}

stream incoming::answer(const core::target& bound) {
  stream_.impl_->answer(bound);
  return std::move(stream_);
}

void incoming::refuse(core::refusal why) {
  if (stream_.impl_) stream_.impl_->refuse(why);
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
void acceptor::set_keys(key_ring keys) { impl_->set_keys(std::move(keys)); }
void acceptor::set_trusted_proxies(std::vector<network> proxies) { impl_->set_trusted_proxies(std::move(proxies)); }
bool acceptor::close_stream(std::string_view session, core::stream_id id) { return impl_->close_stream(session, id); }
acceptor_snapshot acceptor::snapshot() const { return impl_->snapshot(); }

namespace detail {

executor executor_of(const server& self) { return self.get_executor(); }
bool try_accept(server& self, error_code& error, incoming& out) { return self.try_accept(error, out); }
void wait_accept(server& self, accept_completion done) { self.wait_accept(std::move(done)); }
void cancel_accept(server& self) { self.cancel_accept(); }

}  // namespace detail
}  // namespace mtcp
