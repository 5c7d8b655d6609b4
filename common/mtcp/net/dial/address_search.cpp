#include "mtcp/net/dial/address_search.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/error.hpp"
#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp {
namespace {

resolver_options by_way_of(const path_options& path, resolver_options ask) {
  ask.interface = path.interface;
  ask.bind = path.bind;
  ask.mark = path.mark;
  return ask;
}

}  // namespace

address_book::address_book(const path_options& path, resolver_options ask) : names(by_way_of(path, std::move(ask))) {}

address_search::address_search(address_book& book, const std::string& host, timer& wake)
    : book_(book), known_at_(clock::now() + patience) {
  if (const auto literal = zoned_address::parse(host)) {
    const auto here = literal->here();
    if (here) literal_ = *here;
    error_ = here.error();
  } else {
    lookup_.emplace(book.names, host, wake);
  }
}

std::vector<ip_address> address_search::take(clock::time_point now, bool idle) {
  if (const auto literal = std::exchange(literal_, std::nullopt)) return {*literal};
  if (!lookup_) return {};
  lookup_->advance(now);
  if (!lookup_->ended()) return take_known(now, idle);
  auto found = lookup_->outcome();
  lookup_.reset();
  if (found) return book_.known.in_order(std::move(*found));
  error_ = found.error() == asio::error::host_not_found ? errc::name_not_found : errc::lookup_failed;
  if (known_taken_) return {};
  return book_.known.all();
}

std::vector<ip_address> address_search::take_known(clock::time_point now, bool idle) {
  if (now < known_at_) return {};
  known_at_ = now + patience;
  if (known_taken_ && !idle) return {};
  known_taken_ = true;
  return book_.known.all();
}

address_search::clock::time_point address_search::next() const {
  return lookup_ ? std::min(lookup_->next(), known_at_) : clock::time_point::max();
}

error_code address_search::error() const { return lookup_ ? error_code(errc::lookup_failed) : error_; }

}  // namespace mtcp
