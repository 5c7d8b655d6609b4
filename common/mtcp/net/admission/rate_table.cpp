#include "mtcp/net/admission/rate_table.hpp"

namespace mtcp {

core::token_bucket& rate_table::touch(std::uint64_t host) {
  if (const auto found = index_.find(host); found != index_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front().bucket;
  }
  if (!recent_.empty() && recent_.size() >= most_) {
    index_.erase(recent_.back().host);
    recent_.pop_back();
  }
  recent_.push_front({host, fresh_});
  index_.emplace(host, recent_.begin());
  return recent_.front().bucket;
}

core::token_bucket* rate_table::find(std::uint64_t host) {
  const auto found = index_.find(host);
  return found == index_.end() ? nullptr : &found->second->bucket;
}

}  // namespace mtcp
