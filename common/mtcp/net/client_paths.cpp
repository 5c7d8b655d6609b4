// The paths of a client, and the interfaces of this machine: some paths come and go with them, and those that are given
// are dialled anew when one brings a network along.
#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "mtcp/core/base/earlier.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/client.hpp"

namespace mtcp::detail {
namespace {

// An interface that comes up tells of that in several pieces.
constexpr std::chrono::milliseconds news_pause{50};

}  // namespace

std::optional<core::timestamp> client::next_deadline() const {
  auto next = policy_.next_deadline();
  core::keep_earlier(next, uplinks_.next_deadline());
  return next;
}

void client::start_following() {
  const auto broken = [this](const std::exception_ptr& escaped) {
    report("interfaces are not watched any more: " + message_of(escaped), event_weight::warning);
  };
  bridges_.start(follow_interfaces(), shared_from_this(), broken);
}

task<> client::follow_interfaces() {
  error_code error = interfaces_.open();
  while (!error && !policy_.stopped()) {
    look_at_interfaces();
    error = co_await watch_interfaces();
  }
  const bool matters = !given_.patterns.empty();  // paths that are given only wait a little longer
  if (matters && !policy_.stopped()) report("interfaces cannot be watched: " + error.message(), event_weight::warning);
}

task<error_code> client::watch_interfaces() {
  const error_code error = co_await interfaces_.wait();
  if (error) co_return error;
  timer pause(executor_, news_pause);
  co_await pause.async_wait(use_result);
  co_return error_code();
}

void client::look_at_interfaces() {
  auto found = platform::interfaces();
  if (!found) return;  // as when descriptors have run out: the next news will tell
  uplinks_.see(std::move(*found), now());
  change_paths(now());
  dial_through_arrivals();
  tell_vacancies();
  driver_.wake();  // for its deadline
  carry_out_actions();
}

bool client::change_paths(core::timestamp now) {
  bool any = false;
  while (const auto next = uplinks_.next_change(now)) {
    any = true;
    if (!policy_.stopped()) change_path(*next, now);
  }
  return any;
}

void client::change_path(const uplinks::change& what, core::timestamp now) {
  const std::string name = given_.name_for(what);
  if (!what.comes) {
    const auto gone = std::ranges::find_if(paths_, [&](const auto& one) { return one->name == name; });
    if (gone != paths_.end()) policy_.retire_path(static_cast<std::size_t>(gone - paths_.begin()), now);
    return;
  }
  const path_options options = given_.path_for(what);
  const auto number = policy_.add_path(path_settings_of(options, name));
  if (!number) return;
  if (*number >= paths_.size()) paths_.resize(*number + 1);
  auto& mine = paths_[*number];
  // One that comes back may have a dial that has not ended yet, and is the same as before.
  if (!mine || mine->name != name) mine = std::make_unique<path>(name, options);
}

void client::dial_through_arrivals() {
  for (const std::string& interface : uplinks_.take_arrivals())
    for (std::size_t i = 0; i < paths_.size(); ++i)
      if (const auto& own = paths_[i]->options.interface; own.empty() || own == interface) policy_.dial_anew(i, now());
}

void client::tell_vacancies() {
  for (std::size_t i = 0; i < given_.patterns.size(); ++i) {
    const bool is_vacant = uplinks_.count(i) == 0;
    if (is_vacant && !vacant_[i])
      report("no interface with a default route fits " + given_.patterns[i].interface + ": waiting for one",
             event_weight::warning);
    vacant_[i] = is_vacant;
  }
  if (uplinks_.full() && !std::exchange(told_of_many_, true))
    report("more interfaces have a default route than there may be paths: " + std::to_string(uplinks::max_paths),
           event_weight::warning);
}

}  // namespace mtcp::detail
