// How the client dials: connect, greet, and run the bridge that comes of it.
#include <utility>
#include <variant>
#include <vector>

#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/asio/scope_exit.hpp"
#include "mtcp/net/bridge_link.hpp"
#include "mtcp/net/client.hpp"

namespace mtcp::detail {

void client::carry_out_actions() {
  while (auto next = policy_.next_action()) std::visit([this](auto& wanted) { carry_out(std::move(wanted)); }, *next);
}

void client::carry_out(client_policy::dial wanted) {
  const auto broken = [this, id = wanted.id](const std::exception_ptr& escaped) { on_dial_broken(id, escaped); };
  bridges_.start(dial(wanted), shared_from_this(), broken);
}

void client::carry_out(client_policy::greet wanted) {
  const auto found = dials_.find(wanted.id);
  if (found == dials_.end()) return;
  found->second.hello = std::move(wanted.hello);
  changed_.notify_all();
}

// What it waits for ends, and it says that it has failed.
void client::carry_out(client_policy::abandon wanted) {
  const auto found = dials_.find(wanted.id);
  if (found == dials_.end()) return;
  found->second.abandoned = true;
  found->second.by->abort();
  changed_.notify_all();
}

task<> client::dial(client_policy::dial wanted) {
  const dial_id id = wanted.id;
  std::vector<core::slice> first;
  std::optional<secure_channel> channel;
  error_code error;
  {
    path& on = *paths_[wanted.path];
    connector by(executor_, on.options, on.book, {.whole = options_.connect_timeout, .answer = wanted.patience});
    dials_.emplace(id, dialling{&by});
    const scope_exit registered([this, id] { dials_.erase(id); });
    error = co_await by.connect(tls_, options_.key);
    if (!error) error = co_await greet(id, by, first);
    if (error) {
      error = by.explain(error);
    } else {
      channel.emplace(by.take());
    }
  }
  if (error) {
    policy_.dial_failed(id, error, now());
    carry_out_actions();
  } else {
    co_await run_bridge(id, std::move(*channel), std::move(first));
  }
}

// What goes wrong with one bridge, as when there is no memory for it, ends that one only.
void client::on_dial_broken(dial_id id, const std::exception_ptr& escaped) {
  report("a dial failed: " + message_of(escaped), event_weight::warning);
  policy_.dial_failed(id, asio::error::no_memory, now());
  carry_out_actions();
}

// The policy says when to send HELLO: while another dial creates the session, this one waits.
task<error_code> client::greet(dial_id id, connector& by, std::vector<core::slice>& first) {
  policy_.connected(id, now());
  carry_out_actions();
  dialling& mine = dials_.at(id);
  while (!mine.hello && !mine.abandoned && !policy_.stopped()) co_await changed_.wait();
  if (mine.abandoned || policy_.stopped()) co_return asio::error::operation_aborted;
  mine.hello->version = by.channel().shared_key().version();
  const error_code unsent = co_await send_hello(by.channel(), *mine.hello);
  if (unsent) co_return unsent;
  auto got = co_await receive_welcome(by.channel());
  if (!got) co_return got.error();
  first = std::move(got->rest);
  const error_code refused = policy_.welcomed(id, got->message, now());
  carry_out_actions();
  co_return refused;
}

task<> client::run_bridge(dial_id id, secure_channel channel, std::vector<core::slice> first) {
  bridge_link connection(std::move(channel));
  const client_policy::attached up = policy_.attach(id, connection, now());
  const scope_exit attached([this, &up] { policy_.detach(up, now()); });
  carry_out_actions();
  changed_.notify_all();
  co_await connection.run(up.session->core, up.bridge, std::move(first));
}

}  // namespace mtcp::detail
