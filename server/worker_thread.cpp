#include "worker_thread.hpp"

#include <exception>

namespace mtcp::server {
namespace {

task<> serve(worker& with, executor main, std::function<void()> ended) {
  co_await with.run();
  asio::post(main, std::move(ended));
}

}  // namespace

void worker_thread::start(const executor& main, std::function<void()> ended) {
  spawn(io_.get_executor(), serve(worker_, main, std::move(ended)));
  thread_ = std::jthread([this, main] { run(main); });
}

// It goes on answering: the main thread may ask something before it hears of the exception.
void worker_thread::run(const executor& main) {
  for (bool over = false; !over;) {
    try {
      io_.run();
      over = true;
    } catch (...) {
      asio::post(main, [escaped = std::current_exception()] { std::rethrow_exception(escaped); });
    }
  }
}

}  // namespace mtcp::server
