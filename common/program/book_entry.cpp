#include "program/book_entry.hpp"

#include <utility>

#include "mtcp/address.hpp"

namespace mtcp::program {

book_entry::book_entry(std::shared_ptr<traffic_book> book, const about& what)
    : book_(std::move(book)), destination_(book_->destination_of(what.target)) {
  if (book_->keeps_destinations()) closed_.target = to_string(what.target);
  closed_.source = what.source;
  closed_.user = what.user;
  closed_.direct = what.direct;
  closed_.ended = "ended by this program";
}

book_entry::~book_entry() {
  using namespace std::chrono;
  closed_.age = steady_clock::now() - since_;
  closed_.time = duration<double>(system_clock::now().time_since_epoch()).count();
  book_->close(std::move(closed_));
}

std::chrono::nanoseconds book_entry::crossed(std::size_t bytes, bool to_local) {
  const amount more = to_local ? amount{.up = 0, .down = bytes} : amount{.up = bytes, .down = 0};
  closed_.bytes_up += more.up;
  closed_.bytes_down += more.down;
  if (book_->keeps_destinations()) book_->add(totals::kind::destination, destination_, more);
  if (!closed_.source.empty()) book_->add(totals::kind::source, closed_.source, more);
  if (!closed_.user.empty()) book_->add(totals::kind::user, closed_.user, more);
  return std::chrono::nanoseconds(0);
}

void book_entry::ended(relayed::ending how) {
  switch (how) {
    case relayed::ending::closed:
      return ended("closed");
    case relayed::ending::remote_reset:
      return ended("reset by the destination, or the tunnel was lost");
    case relayed::ending::local_reset:
      return ended("reset by the application");
    case relayed::ending::aborted:
      return ended("ended by this program");
  }
}

}  // namespace mtcp::program
