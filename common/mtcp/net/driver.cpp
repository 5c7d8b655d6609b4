#include "mtcp/net/driver.hpp"

#include <boost/asio/post.hpp>

#include "mtcp/net/asio/clock.hpp"

namespace mtcp::detail {

void driver::wake() {
  if (work_is_posted_) return;
  work_is_posted_ = true;
  asio::post(executor_, lifeline_.guard([this] { work(); }));
}

void driver::work() {
  work_is_posted_ = false;
  driven_.work(now());
  arm();
}

// The timer is only moved forward; one that fires too early finds nothing to do and is set again.
void driver::arm() {
  const auto due = driven_.next_deadline();
  if (!due || (armed_for_ && *armed_for_ <= *due)) return;
  armed_for_ = due;
  timer_.expires_at(timer::time_point(*due));
  timer_.async_wait(lifeline_.guard([this](error_code error) {
    if (error) return;
    armed_for_.reset();
    wake();
  }));
}

}  // namespace mtcp::detail
