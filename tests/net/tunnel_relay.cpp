#include "net/tunnel_relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <vector>

namespace mtcp::test {

cuttable_relay::cuttable_relay(asio::io_context& io, tcp::endpoint to)
    : executor_(io.get_executor()), listener_(executor_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), to_(to) {
  accept();
}

void cuttable_relay::accept() {
  listener_.async_accept([this, here = std::weak_ptr<char>(alive_)](error_code error, tcp::socket socket) {
    if (error || here.expired()) return;
    ++accepted_;
    const auto both = std::make_shared<link>(executor_);
    both->near = std::move(socket);
    if (refusing_) {
      cut(*both);
    } else {
      links_.push_back(both);
      spawn(executor_, carry(both));
    }
    accept();
  });
}

task<> cuttable_relay::carry(link_ref both) {
  const std::weak_ptr<char> here = alive_;
  auto [error] = co_await both->far.async_connect(to_, use_result);
  if (here.expired()) co_return;
  if (error) {
    cut(*both);
    links_.remove(both);
    co_return;
  }
  spawn(executor_, copy(both, true));
  spawn(executor_, copy(both, false));
}

task<> cuttable_relay::copy(link_ref both, bool forward) {
  tcp::socket& from = forward ? both->near : both->far;
  tcp::socket& to = forward ? both->far : both->near;
  std::vector<std::byte> buffer(256 * 1024);
  while (true) {
    auto [error, size] = co_await from.async_read_some(asio::buffer(buffer), use_result);
    if (error) break;
    while (both->silent) co_await both->resumed.async_wait(use_result);
    const auto bytes = asio::buffer(buffer, size);
    auto [failed, sent] = co_await asio::async_write(to, bytes, use_result);
    if (failed) break;
    static_cast<void>(sent);
  }
  error_code ignored;
  to.shutdown(tcp::socket::shutdown_send, ignored);
}

void cuttable_relay::cut(link& both) {
  both.silent = false;
  both.resumed.cancel();
  error_code ignored;
  for (tcp::socket* side : {&both.near, &both.far}) {
    side->set_option(asio::socket_base::linger(true, 0), ignored);
    side->close(ignored);
  }
}

void cuttable_relay::silence_all() {
  for (const link_ref& both : links_) both->silent = true;
}

void cuttable_relay::resume_all() {
  for (const link_ref& both : links_) {
    both->silent = false;
    both->resumed.cancel();
  }
}

void cuttable_relay::cut_one() {
  if (links_.empty()) return;
  cut(*links_.front());
  links_.pop_front();
}

void cuttable_relay::cut_all() {
  while (!links_.empty()) cut_one();
}

void cuttable_relay::close() {
  error_code ignored;
  listener_.close(ignored);
  cut_all();
}

}  // namespace mtcp::test
