#include "mtcp/net/async.hpp"

#include <boost/system/system_error.hpp>

namespace mtcp {

bool is_cancellation(const std::exception_ptr& escaped) noexcept {
  try {
    std::rethrow_exception(escaped);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace mtcp
