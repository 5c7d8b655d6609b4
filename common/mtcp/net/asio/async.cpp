#include "mtcp/async.hpp"

#include <boost/system/system_error.hpp>

namespace mtcp {

tcp::socket registered_anew(tcp::socket socket) {
  error_code error;
  const auto here = socket.local_endpoint(error);
  if (error) return socket;
  const bool non_blocking = socket.non_blocking();
  tcp::socket anew(socket.get_executor(), here.protocol(), socket.release());
  anew.non_blocking(non_blocking);
  return anew;
}

bool is_cancellation(const std::exception_ptr& escaped) noexcept {
  try {
    std::rethrow_exception(escaped);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

std::string message_of(const std::exception_ptr& escaped) {
  try {
    std::rethrow_exception(escaped);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace mtcp
