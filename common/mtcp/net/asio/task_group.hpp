// Coroutines that belong to one owner, who can wait until all of them have ended.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/condition.hpp"

namespace mtcp {

class task_group {
 public:
  using failure_handler = std::function<void(const std::exception_ptr&)>;

  /// An exception that escapes from a member goes to `on_failure`; it ends that member only.
  task_group(const executor& where, failure_handler on_failure)
      : executor_(where), on_failure_(std::move(on_failure)), changed_(where) {}
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// `member` is the call of a coroutine function whose parameters are values, or outlive it. The group must outlive
  /// it too: wait() before its end, or destroy the io_context, or give `owner`, who has the group and whom every member
  /// keeps alive.
  void start(task<> member, std::shared_ptr<const void> owner = nullptr) {
    start(std::move(member), std::move(owner), on_failure_);
  }
  /// What escapes from this member goes to `on_failure`.
  void start(task<> member, std::shared_ptr<const void> owner, failure_handler on_failure) {
    spawn(executor_, run(*this, std::move(owner), std::move(on_failure), std::move(member)));
    ++size_;
  }
  std::size_t size() const noexcept { return size_; }

  /// Until at most `most` members are left.
  task<> wait(std::size_t most = 0) {
    while (size_ > most) co_await changed_.wait();
  }

 private:
  static task<> run(task_group& group, [[maybe_unused]] std::shared_ptr<const void> owner, failure_handler on_failure,
                    task<> member) {
    try {
      co_await std::move(member);
    } catch (...) {
      if (!is_cancellation(std::current_exception())) on_failure(std::current_exception());
    }
    --group.size_;
    group.changed_.notify_all();
  }

  executor executor_;
  failure_handler on_failure_;
  detail::condition changed_;
  std::size_t size_ = 0;
};

}  // namespace mtcp
