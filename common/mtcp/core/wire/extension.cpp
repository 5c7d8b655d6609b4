#include "mtcp/core/wire/extension.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {

const extension_list::entry* extension_list::find(std::uint64_t type) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [type](const entry& e) { return e.type == type; });
  return found == entries_.end() ? nullptr : &*found;
}

bool extension_list::add(std::uint64_t type, std::span<const std::byte> value) {
  const std::size_t size = varint_size(type) + varint_size(value.size()) + value.size();
  if (find(type) != nullptr || entries_.size() == max_extensions || bytes_ + size > max_extension_bytes) return false;
  entries_.push_back({type, {value.begin(), value.end()}});
  bytes_ += size;
  return true;
}

bool extension_list::add(extension what, std::uint64_t number) {
  std::array<std::byte, 8> value{};
  wire_writer to(value);
  to.varint(number);
  return add(static_cast<std::uint64_t>(what), std::span(value).first(to.size()));
}

std::optional<std::uint64_t> extension_list::number(extension what) const {
  const entry* found = find(what);
  if (found == nullptr) return {};
  wire_reader from(found->value);
  const std::uint64_t number = from.varint();
  return from.complete() ? std::optional(number) : std::nullopt;
}

bool add_budget(extension_list& to, const bridge_budget& budget) {
  std::array<std::byte, 16> value{};
  wire_writer writer(value);
  writer.varint(budget.up);
  writer.varint(budget.down);
  return to.add(static_cast<std::uint64_t>(extension::budget), std::span(value).first(writer.size()));
}

bridge_budget budget_of(const extension_list& list) {
  const extension_list::entry* found = list.find(extension::budget);
  if (found == nullptr) return {};
  wire_reader from(found->value);
  const bridge_budget told{from.varint(), from.varint()};
  const auto possible = [](std::uint64_t one) { return one == 0 || one >= min_budget; };
  return from.complete() && possible(told.up) && possible(told.down) ? told : bridge_budget{};
}

std::optional<path_role> role_of(const extension_list& list) {
  const auto told = list.number(extension::role);
  if (!told || *told > static_cast<std::uint64_t>(path_role::never)) return {};
  return static_cast<path_role>(*told);
}

std::optional<limit_reason> reason_of(const extension_list& list) {
  const auto told = list.number(extension::reason);
  if (!told || *told < 1 || *told > static_cast<std::uint64_t>(limit_reason::quota)) return {};
  return static_cast<limit_reason>(*told);
}

std::uint64_t resume_timeout_value(duration own) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(own).count());
}

duration agreed_resume_timeout(duration own, const extension_list& peers) {
  const auto told = peers.number(extension::resume_timeout);
  if (!told || *told > resume_timeout_value(own)) return own;
  return std::chrono::milliseconds(*told);
}

std::size_t agreed_reverse(std::size_t own, const extension_list& peers) {
  const std::uint64_t told = peers.number(extension::reverse).value_or(0);
  return static_cast<std::size_t>(std::min<std::uint64_t>(own, told));
}

}  // namespace mtcp::core
