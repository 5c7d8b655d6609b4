// A worker in a thread of its own, and how the main thread talks to it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "worker.hpp"

namespace mtcp::server {

class worker_thread {
 public:
  worker_thread(acceptor_options options, common_places& places)
      : worker_(io_, std::move(options), places), work_(io_.get_executor()) {}
  /// Ends at once whatever still runs.
  ~worker_thread() { io_.stop(); }

  /// Begins to serve. When that is over `ended` is called by `main`; an exception is thrown there.
  void start(const executor& main, std::function<void()> ended);

  /// Has the worker do something, soon.
  template <class Action>
  void tell(Action action) {
    asio::post(io_, [this, action = std::move(action)]() mutable { action(worker_); });
  }
  /// Waits for its answer, which takes a turn of its event loop. Not before start().
  template <class Question>
  auto ask(Question question) {
    std::promise<decltype(question(worker_))> answer;
    asio::post(io_, [&] { answer.set_value(question(worker_)); });
    return answer.get_future().get();
  }

 private:
  void run(const executor& main);

  asio::io_context io_{1};
  worker worker_;
  asio::executor_work_guard<executor> work_;  // it answers until its end
  std::jthread thread_;                       // joined first
};

}  // namespace mtcp::server
