#include "support/network.hpp"

#include <optional>
#include <utility>

#include "support/lane.hpp"

namespace mtcp::lab {

struct network::connection {
  connection(std::size_t number, tcp_socket accepted)
      : index(number), near(std::move(accepted)), far(near.get_executor()) {}

  struct fate {
    std::uint64_t bytes_left;
    loss how;
  };
  std::size_t index;
  tcp_socket near;  // towards the end that dialled
  tcp_socket far;
  std::optional<lane> up;
  std::optional<lane> down;
  std::optional<fate> doomed;
  int parts = 0;  // coroutines that still run
};

network::network(asio::ip::tcp::endpoint to, const shape& s, const std::string& address)
    : to_(std::move(to)), address_(address), shape_(s), all_up_(s.rate_of_all), all_down_(s.rate_of_all) {
  open_door();
}

network::~network() {
  background_.stop();
  listener_.reset();
  connections_.clear();
}

void network::open_door() {
  background_.call([this] {
    if (listener_) return;
    listener_ = std::make_unique<tcp_listener>(listen_on(background_.get_executor(), address_, port_));
    port_ = listener_->local_endpoint().port();
    background_.spawn(accept());
  });
}

void network::close_door() {
  background_.call([this] { listener_.reset(); });
}

task<> network::accept() {
  while (listener_) {
    // Inherited by accepted connections; later would be too late for the window.
    if (shape_.rate_up > 0) listener_->set_option(asio::socket_base::receive_buffer_size(shape_.buffer));
    auto [ec, socket] = co_await listener_->async_accept(as_result);
    if (ec) co_return;
    crossings_.update([](auto& all) { all.emplace_back(); });
    connections_.push_back(std::make_unique<connection>(connections_.size(), std::move(socket)));
    background_.spawn(relay(*connections_.back()));
  }
}

task<> network::relay(connection& c) {
  error_code failed;
  c.far.open(to_.protocol(), failed);
  if (shape_.rate_down > 0) c.far.set_option(asio::socket_base::receive_buffer_size(shape_.buffer), failed);
  std::tie(failed) = co_await c.far.async_connect(to_, as_result);
  if (failed) {
    close_with_reset(c.near);
    crossings_.update([&](auto& all) { all[c.index].open = false; });
    co_return;
  }
  for (tcp_socket* s : {&c.near, &c.far}) s->set_option(asio::ip::tcp::no_delay(true), failed);
  c.up.emplace(c.near, c.far, all_up_, [this, &c](std::size_t n) { delivered(c, &crossing::up, n); });
  c.down.emplace(c.far, c.near, all_down_, [this, &c](std::size_t n) { delivered(c, &crossing::down, n); });
  apply(c, shape_);
  c.parts = 4;
  for (lane* l : {&*c.up, &*c.down}) {
    background_.spawn(run(c, l->receive()));
    background_.spawn(run(c, l->deliver()));
  }
}

task<> network::run(connection& c, task<> part) {
  co_await std::move(part);
  if (--c.parts > 0) co_return;
  error_code ignored;
  c.near.close(ignored);
  c.far.close(ignored);
  crossings_.update([&](auto& all) { all[c.index].open = false; });
}

void network::apply(connection& c, const shape& s) {
  if (!c.up) return;
  c.up->set(s.rate_up, s.delay);
  c.down->set(s.rate_down, s.delay);
}

void network::delivered(connection& c, std::uint64_t crossing::*direction, std::size_t bytes) {
  crossings_.update([&](auto& all) { all[c.index].*direction += bytes; });
  if (!c.doomed) return;
  c.doomed->bytes_left -= std::min<std::uint64_t>(c.doomed->bytes_left, bytes);
  if (c.doomed->bytes_left == 0) drop(c, c.doomed->how);
}

void network::drop(connection& c, loss how) {
  c.doomed.reset();
  crossings_.update([&](auto& all) { all[c.index].lost = true; });
  if (!c.up) return close_with_reset(c.near);
  for (lane* l : {&*c.up, &*c.down}) {
    if (how == loss::silence) {
      l->stall(true);
    } else {
      l->discard();
    }
  }
  for (tcp_socket* s : {&c.near, &c.far}) {
    error_code ignored;
    if (how == loss::reset) close_with_reset(*s);
    if (how == loss::fin) s->shutdown(asio::socket_base::shutdown_send, ignored);
  }
}

void network::set(const shape& s) {
  background_.call([&] {
    shape_ = s;
    for (auto& c : connections_) apply(*c, s);
  });
}

void network::set(std::size_t index, const shape& s) {
  background_.call([&] { apply(*connections_.at(index), s); });
}

void network::stall(std::size_t index, bool on) {
  background_.call([&] {
    auto& c = *connections_.at(index);
    if (!c.up) return;
    c.up->stall(on);
    c.down->stall(on);
  });
}

void network::lose(std::size_t index, loss how) {
  background_.call([&] { drop(*connections_.at(index), how); });
}

void network::lose_all(loss how) {
  background_.call([&] {
    const auto all = crossings_.get();
    for (auto& c : connections_)
      if (all[c->index].open && !all[c->index].lost) drop(*c, how);
  });
}

void network::lose_after(std::size_t index, std::uint64_t bytes, loss how) {
  background_.call([&] { connections_.at(index)->doomed = connection::fate{bytes, how}; });
}

}  // namespace mtcp::lab
