#include "mtcp/net/dial/lookup_answer.hpp"

#include <netdb.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace mtcp::detail {
namespace {

error_code to_error(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return {};
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
    case ARES_EBADNAME:
      return asio::error::host_not_found;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return asio::error::operation_aborted;
    default:
      return asio::error::host_not_found_try_again;
  }
}

ip_address address_of(const sockaddr* from) {
  tcp::endpoint endpoint;
  const std::size_t size = from->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::copy_n(reinterpret_cast<const char*>(from), size, reinterpret_cast<char*>(endpoint.data()));
  return endpoint.address();
}

}  // namespace

lookup_answer lookup_answer::of(int family, int status, const ares_addrinfo* found) {
  lookup_answer answer{to_error(status), {}, std::chrono::seconds::max()};
  for (auto node = found ? found->nodes : nullptr; node != nullptr; node = node->ai_next) {
    if (node->ai_family != family) continue;
    answer.addresses.push_back(address_of(node->ai_addr));
    answer.ttl = std::min(answer.ttl, std::chrono::seconds(node->ai_ttl));
  }
  for (auto alias = found ? found->cnames : nullptr; alias != nullptr; alias = alias->next)
    answer.ttl = std::min(answer.ttl, std::chrono::seconds(alias->ttl));
  if (!answer.error && answer.addresses.empty()) answer.error = asio::error::host_not_found;
  return answer;
}

}  // namespace mtcp::detail
