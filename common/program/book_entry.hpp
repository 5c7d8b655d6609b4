// One stream in the book of what is carried: counted while it lasts, and among the closed ones when this goes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "mtcp/relay.hpp"
#include "mtcp/types.hpp"
#include "program/traffic_book.hpp"

namespace mtcp::program {

class book_entry final : public relay_pace {
 public:
  struct about {
    core::target target{};
    std::string source{};  ///< address of the application
    std::string user{};    ///< empty: it needed none
    bool direct = false;   ///< past the tunnel
  };

  /// Of a program that relays for applications: what comes from the local side goes up.
  book_entry(std::shared_ptr<traffic_book> book, const about& what);
  ~book_entry();
  book_entry(const book_entry&) = delete;
  book_entry& operator=(const book_entry&) = delete;

  /// Counts, and holds nothing up.
  std::chrono::nanoseconds crossed(std::size_t bytes, bool to_local) override;
  void ended(std::string why) { closed_.ended = std::move(why); }
  void ended(relayed::ending how);

 private:
  std::shared_ptr<traffic_book> book_;
  std::string destination_;
  closed_stream closed_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/// Null if there is no book.
inline std::unique_ptr<book_entry> entry_in(const std::shared_ptr<traffic_book>& book, const book_entry::about& what) {
  return book ? std::make_unique<book_entry>(book, what) : nullptr;
}

}  // namespace mtcp::program
