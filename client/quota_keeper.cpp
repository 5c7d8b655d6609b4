#include "quota_keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace mtcp::client {
namespace {

/// What its paths have carried since they were last asked.
void add_new(std::map<std::string, std::uint64_t>& to, metered_tunnel& of) {
  for (metered_tunnel::meter& one : of.meters) {
    const std::uint64_t carried = std::max(of.on_wire(one.path), one.counted);
    to[one.path] += carried - std::exchange(one.counted, carried);
  }
}

}  // namespace

quota_keeper::quota_keeper(std::shared_ptr<const program::state_dir> directory)
    : directory_(std::move(directory)),
      book_(directory_.get(), {.file = "quotas.json",
                               .whose = "paths",
                               .trouble = "what paths carry is counted, but forgotten when the program ends"}) {}

void quota_keeper::grant(metered_tunnel& to) {
  for (const metered_tunnel::meter& one : to.meters) {
    const auto known = accounts_.find(one.path);
    if (known == accounts_.end()) {
      program::quota_account counted(one.granted, book_.of(one.path), program::local_date());
      accounts_.insert({one.path, {counted, one.granted.then}});
    } else {
      known->second.counted.allow(one.granted);
      known->second.then = one.granted.then;
    }
  }
  apply(to);
}

void quota_keeper::look(std::span<metered_tunnel* const> all, date today, core::timestamp now) {
  std::map<std::string, std::uint64_t> carried;
  for (metered_tunnel* one : all) add_new(carried, *one);
  for (auto& [path, one] : accounts_) {
    const bool used_up_before = one.counted.used_up();
    one.counted.count(carried[path], now);
    one.counted.turn(today);
    tell(path, one, used_up_before);
  }
  for (metered_tunnel* one : all) apply(*one);
  book_.keep(counts(), now);
}

// What the user has made of a path in the meantime stays, until the next change here.
void quota_keeper::apply(metered_tunnel& to) const {
  for (metered_tunnel::meter& one : to.meters) {
    const account& of = accounts_.at(one.path);
    const bool used_up = of.counted.used_up();
    if (std::exchange(one.is_taken_out, used_up) != used_up) to.use_as(one.path, used_up ? of.then : one.role);
  }
}

void quota_keeper::tell(const std::string& path, const account& of, bool used_up_before) {
  if (of.counted.used_up() == used_up_before) return;
  const std::string granted = in_words(of.counted.allowed());
  if (!of.counted.used_up()) return spdlog::info("path {}: its {} begin anew", path, granted);
  spdlog::warn("path {} has used up its {}: from now on its role is {}", path, granted, core::name_of(of.then));
}

std::vector<program::quota_book::entry> quota_keeper::counts() const {
  std::vector<program::quota_book::entry> all;
  for (const auto& [path, one] : accounts_) all.push_back({path, one.counted.kept(), one.counted.allowed().bytes});
  return all;
}

std::optional<core::duration> quota_keeper::next_look() const {
  std::optional<core::duration> next;
  for (const auto& [path, one] : accounts_)
    next = next ? std::min(*next, one.counted.next_look()) : one.counted.next_look();
  return next;
}

std::optional<quota_snapshot> quota_keeper::describe(const std::string& path) const {
  const auto known = accounts_.find(path);
  if (known == accounts_.end()) return std::nullopt;
  const program::quota_account& counted = known->second.counted;
  return quota_snapshot{.bytes = counted.allowed().bytes,
                        .used = counted.kept().used,
                        .period = name_of(counted.allowed().each),
                        .used_up = counted.used_up()};
}

}  // namespace mtcp::client
