#include "opening.hpp"

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/socket_base.hpp>
#include <utility>

#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp::client {
namespace {

/// Looks after an application while its stream is being opened.
class departure {
 public:
  departure(tcp::socket& application, end_of_file means) : application_(application) {
    if (means == end_of_file::leaves) {
      watch_for_end();
    } else {
      watch_for_reset();
    }
  }
  departure(const departure&) = delete;
  departure& operator=(const departure&) = delete;
  ~departure() {
    error_code ignored;
    application_.cancel(ignored);
  }

  /// Names the opening that is to be cancelled.
  asio::cancellation_slot slot() { return left_.slot(); }

 private:
  void watch_for_end() {
    application_.async_wait(asio::socket_base::wait_read, life_.guard([this](error_code error) {
      if (!error) on_readable();
    }));
  }

  void on_readable() {
    std::array<char, 1> first;
    error_code ended;
    application_.receive(asio::buffer(first), asio::socket_base::message_peek, ended);
    if (!ended) return watch_for_reset();  // it has sent something, which is for the relay
    if (ended == asio::error::would_block) return watch_for_end();
    left_.emit(asio::cancellation_type::all);
  }

  void watch_for_reset() {
    application_.async_wait(asio::socket_base::wait_error, life_.guard([this](error_code error) {
      if (!error && platform::is_broken(application_)) left_.emit(asio::cancellation_type::all);
    }));
  }

  tcp::socket& application_;
  asio::cancellation_signal left_;
  detail::lifeline life_;
};

}  // namespace

task<opening> open_for(tcp::socket& application, tunnel& through, core::target to, std::span<const std::byte> early,
                       end_of_file means) {
  departure watch(application, means);
  auto until_it_leaves = asio::bind_cancellation_slot(watch.slot(), use_result);
  auto [error, remote] = co_await through.async_open(std::move(to), early, until_it_leaves);
  co_return opening{error, std::move(remote)};
}

}  // namespace mtcp::client
