#include "mtcp/net/dial/path_lookup.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace mtcp {

resolver* path_names::started(std::unique_ptr<resolver>& which, const executor& where, const resolver_options& ask) {
  try {
    if (!which) which = std::make_unique<resolver>(where, ask);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
  return which.get();
}

resolver* path_names::any(const executor& where) {
  resolver_options ask = ask_;
  ask.interface.clear();
  ask.bind.clear();
  return started(any_, where, ask);
}

void path_names::forget(const std::string& name) {
  if (own_) own_->forget(name);
  if (any_) any_->forget(name);
}

void path_names::cancel() {
  if (own_) own_->cancel();
  if (any_) any_->cancel();
}

path_lookup::path_lookup(path_names& names, std::string name, timer& wake)
    : names_(names), name_(std::move(name)), wake_(wake) {
  if (names.has_own_way()) any_at_ = clock::now() + head_start;
  begin(own_, names.own(wake.get_executor()), name_, wake);
}

void path_lookup::begin(part& which, resolver* names, const std::string& name, timer& wake) {
  if (names != nullptr) which.emplace(*names, name, wake);
}

void path_lookup::advance(clock::time_point now) {
  if (!waits_for_own_way() || helped(own_) || (!ended(own_) && now < any_at_)) return;
  any_at_ = clock::time_point::max();
  begin(any_, names_.any(wake_.get_executor()), name_, wake_);
}

bool path_lookup::ended() const {
  return helped(own_) || helped(any_) || (ended(own_) && ended(any_) && !waits_for_own_way());
}

path_lookup::clock::time_point path_lookup::next() const {
  clock::time_point at = any_at_;
  for (const part* each : {&own_, &any_})
    if (!ended(*each)) at = std::min(at, (*each)->next());
  return at;
}

error_code path_lookup::error_of(const part& which) {
  return which ? which->outcome().error() : error_code(asio::error::host_not_found_try_again);
}

// "No such name" says more than a name server that does not answer.
result<std::vector<ip_address>> path_lookup::outcome() const {
  if (helped(own_)) return own_->outcome();
  if (helped(any_)) return any_->outcome();
  const error_code error = error_of(own_);
  return any_ && error != asio::error::host_not_found ? error_of(any_) : error;
}

}  // namespace mtcp
