// An asynchronous operation that waits for something other than the kernel: a completion handler of any type, stored
// until it is called with its results.
//
// It does what Asio asks of its own operations: memory comes from the handler's associated allocator, its executor is
// kept busy while it waits, the handler never runs inside the call that completes it, its cancellation slot is cleared
// before it does, and its memory is free again by then.
#pragma once

#include <boost/asio/append.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <memory>
#include <tuple>
#include <utility>

#include "mtcp/async.hpp"

namespace mtcp::detail {

template <class... Results>
class completion {
 public:
  completion() = default;
  template <class Handler>
  completion(Handler handler, const executor& fallback) : held_(model<Handler>::make(std::move(handler), fallback)) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }

  /// Posts the handler and leaves this empty.
  void operator()(Results... results) { held_.release()->complete(std::move(results)...); }

 private:
  struct concept_base {
    virtual void complete(Results... results) = 0;
    virtual void destroy() = 0;

   protected:
    ~concept_base() = default;
  };
  struct destroyer {
    void operator()(concept_base* held) const { held->destroy(); }
  };
  template <class Handler>
  class model;

  std::unique_ptr<concept_base, destroyer> held_;
};

template <class... Results>
template <class Handler>
class completion<Results...>::model final : public concept_base {
  using allocator = typename std::allocator_traits<
      asio::associated_allocator_t<Handler, asio::recycling_allocator<void>>>::template rebind_alloc<model>;
  using guard = asio::executor_work_guard<asio::associated_executor_t<Handler, executor>>;

 public:
  model(Handler&& handler, const executor& fallback)
      : handler_(std::move(handler)), work_(asio::get_associated_executor(handler_, fallback)) {}

  static model* make(Handler&& handler, const executor& fallback) {
    allocator memory = allocator_of(handler);
    model* made = std::allocator_traits<allocator>::allocate(memory, 1);
    return new (made) model(std::move(handler), fallback);
  }

  void complete(Results... results) override {
    Handler handler = std::move(handler_);
    const guard work = std::move(work_);
    destroy_with(allocator_of(handler));
    asio::get_associated_cancellation_slot(handler).clear();
    asio::post(work.get_executor(), asio::append(std::move(handler), std::move(results)...));
  }

  void destroy() override { destroy_with(allocator_of(handler_)); }

 private:
  static allocator allocator_of(const Handler& handler) {
    return allocator(asio::get_associated_allocator(handler, asio::recycling_allocator<void>()));
  }
  void destroy_with(allocator memory) {
    this->~model();
    std::allocator_traits<allocator>::deallocate(memory, this, 1);
  }

  Handler handler_;
  guard work_;
};

/// Posts a handler whose operation was over as soon as it began.
template <class Handler, class... Results>
void complete_at_once(Handler&& handler, const executor& fallback, Results&&... results) {
  const auto where = asio::get_associated_executor(handler, fallback);
  asio::post(where, asio::append(std::forward<Handler>(handler), std::forward<Results>(results)...));
}

}  // namespace mtcp::detail
