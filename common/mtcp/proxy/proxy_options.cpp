#include "mtcp/proxy_options.hpp"

#include "mtcp/proxy/authority.hpp"

namespace mtcp {

std::string to_string(const proxy_options& proxy) {
  const char* scheme = proxy.speaks == proxy_options::protocol::http ? "http://" : "socks5://";
  return scheme + proxy::to_authority({proxy.host, proxy.port});
}

}  // namespace mtcp
