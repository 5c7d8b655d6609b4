#include "support/ip.hpp"

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "support/process.hpp"

namespace mtcp::lab {
namespace {

// Linux adds an address of IPv6 at once, and the route by which it is one of this machine a little later. A UDP socket
// that was connected in between sends into the void for as long as it lives.
void await_route_to(const std::string& address) {
  const std::string question = "-6 route show table local exact " + address.substr(0, address.find('/'));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (ip(question).empty())
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(address + " does not come up");
}

}  // namespace

std::string ip(const std::string& words) {
  std::vector<std::string> command{"ip"};
  std::istringstream text(words);
  for (std::string word; text >> word;) command.push_back(word);
  const run_result done = run(command);
  if (done.end.exit_code != 0) throw std::runtime_error("ip " + words + ": " + done.standard_error);
  return done.standard_output;
}

void add_address(const std::string& address, const std::string& interface) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  // One of IPv6 is of no use while it is being looked for at others (RFC 4862, section 5.4).
  ip("addr add " + address + " dev " + interface + (is_ipv6 ? " nodad" : ""));
  if (is_ipv6) await_route_to(address);
}

}  // namespace mtcp::lab
