#include "program/listen.hpp"

#include <sysexits.h>

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/system/system_error.hpp>

#include "mtcp/address.hpp"
#include "program/message.hpp"
#include "program/options.hpp"

namespace mtcp::program {
namespace {

bool has_ipv6() {
  asio::io_context io;
  tcp::socket probe(io);
  error_code error;
  probe.open(tcp::protocol::v6(), error);
  return !error;
}

tcp::endpoint resolve(const core::target& where) {
  asio::io_context io;
  asio::ip::basic_resolver<tcp::protocol, executor> names(io);
  error_code error;
  const auto found = names.resolve(where.host, std::to_string(where.port), error);
  if (error) throw boost::system::system_error(error, "cannot find " + where.host);
  return found.begin()->endpoint();
}

}  // namespace

tcp::endpoint listen_endpoint(const core::target& where) {
  if (where.host.empty()) return {has_ipv6() ? tcp::protocol::v6() : tcp::protocol::v4(), where.port};
  if (const auto literal = parse_address(where.host)) return {*literal, where.port};
  return resolve(where);
}

int exit_code_of(const boost::system::system_error& e) {
  return e.code() == boost::system::errc::permission_denied ? EX_NOPERM : EX_UNAVAILABLE;
}

void fail_for(const std::string& option, const boost::system::system_error& e) {
  throw settings_error(exit_code_of(e), option + ": " + message_of(e));
}

}  // namespace mtcp::program
