#include "mtcp/net/platform/shortage.hpp"

#include <boost/asio/error.hpp>

namespace mtcp {

bool is_shortage(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system;
}

std::optional<tcp::socket> accept_in_shortage(tcp::acceptor& at, platform::reserve_descriptor& reserve,
                                              bool& turned_away) {
  error_code error;
  at.non_blocking(true, error);
  tcp::socket waiting(at.get_executor());
  at.accept(waiting, error);
  if (!error) return waiting;
  reserve.give_up();
  at.accept(waiting, error);
  turned_away = !error;
  waiting.close(error);
  reserve.fill();
  return std::nullopt;
}

}  // namespace mtcp
