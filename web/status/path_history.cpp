#include "status/path_history.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::status {
namespace {

step_ring ring_of(std::size_t span) { return {history_spans[span].steps, history_spans[span].step}; }

}  // namespace

std::optional<std::size_t> span_called(std::string_view name) {
  const auto found = std::ranges::find(history_spans, name, &history_span::name);
  if (found == history_spans.end()) return {};
  return static_cast<std::size_t>(found - history_spans.begin());
}

path_past::path_past() : rings_{ring_of(0), ring_of(1), ring_of(2)} {}

void path_past::add(const path_sample& sample, double until, double seconds) {
  for (step_ring& ring : rings_) ring.add(sample, until, seconds);
  seen_ = until;
}

void path_past::merge(const path_past& other) {
  for (std::size_t span = 0; span < rings_.size(); ++span) rings_[span].merge(other.rings_[span]);
  seen_ = std::max(seen_, other.seen_);
}

void path_history::add(const std::map<std::string, path_sample>& samples, double until, double seconds) {
  if (seconds <= 0) return;
  until_ = until;
  const double looked = std::min(seconds, longest_look);
  std::optional<path_sum> rest;
  for (const auto& [name, sample] : samples)
    if (path_past* const place = place_for(name, until)) {
      place->add(sample, until, looked);
    } else {
      if (!rest) rest.emplace();
      rest->add(sample);
    }
  if (!rest) return;
  if (!others_) others_.emplace();
  others_->add(rest->get(), until, looked);
}

void path_history::restore(const std::string& name, bool others, path_past past, double until) {
  past.was_seen(until);
  until_ = until;
  if (others)
    others_ = std::move(past);
  else if (paths_.size() < most_)
    paths_.insert_or_assign(name, std::move(past));
}

// Of paths that are gone, that which has been for longest gives way. Null if none is.
path_past* path_history::place_for(const std::string& name, double until) {
  if (const auto found = paths_.find(name); found != paths_.end()) return &found->second;
  if (paths_.size() >= most_) {
    const auto oldest = std::ranges::min_element(paths_, {}, [](const auto& p) { return p.second.seen(); });
    // One that the sample before saw is still there: it is only not this one's turn yet.
    if (oldest == paths_.end() || until - oldest->second.seen() <= 2 * longest_look) return nullptr;
    if (!others_) others_.emplace();
    others_->merge(oldest->second);
    paths_.erase(oldest);
  }
  return &paths_[name];
}

}  // namespace mtcp::status
