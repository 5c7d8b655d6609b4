#include "mtcp/net/platform/interface_watch.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#ifdef __linux__
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "mtcp/net/platform/last_error.hpp"
#include "mtcp/net/platform/netlink.hpp"
#endif

namespace mtcp::platform {

#ifdef __linux__

namespace {

constexpr std::size_t buffer_size = 64 * 1024;  // the kernel writes 32 KiB at a time

class netlink_socket {
 public:
  netlink_socket() : descriptor_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}
  netlink_socket(const netlink_socket&) = delete;
  netlink_socket& operator=(const netlink_socket&) = delete;
  ~netlink_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// Has the kernel tell all that it has of a kind; it has the answer ready, so this does not wait. `each(body)`.
  template <class Header, class Each>
  bool ask(std::uint16_t type, const Header& about, Each each) {
    struct {
      nlmsghdr head;
      Header about;
    } request{};
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = type;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.head.nlmsg_seq = ++sequence_;
    request.about = about;
    if (::send(descriptor_, &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) return false;
    for (outcome is = outcome::more; is != outcome::done;) {
      is = receive(each);
      if (is == outcome::failed) return false;
    }
    return true;
  }

 private:
  enum class outcome : std::uint8_t { more, done, failed };

  template <class Each>
  outcome receive(Each& each) {
    const ssize_t size = ::recv(descriptor_, buffer_.data(), buffer_.size(), 0);
    if (size <= 0) return outcome::failed;
    outcome is = outcome::more;
    netlink::for_each_message(netlink::bytes(buffer_).first(static_cast<std::size_t>(size)),
                              [&](const nlmsghdr& head, netlink::bytes body) {
                                if (head.nlmsg_seq != sequence_) return;
                                if (head.nlmsg_type == NLMSG_ERROR) is = outcome::failed;
                                if (head.nlmsg_type == NLMSG_DONE) is = outcome::done;
                                if (head.nlmsg_type >= NLMSG_MIN_TYPE) each(body);
                              });
    return is;
  }

  int descriptor_;
  unsigned sequence_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(buffer_size);
};

/// What goes into one of these comes out of another interface, or of a program.
bool is_tunnel(std::string_view kind) {
  static constexpr std::array kinds{"tun",       "wireguard", "ipip", "sit",  "gre",  "gretap", "ip6gre",
                                    "ip6gretap", "ip6tnl",    "vti",  "vti6", "xfrm", "ovpn",   "l2tpeth"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

struct link {
  interface_state is;
  bool can_carry = false;
};

std::optional<link> link_in(netlink::bytes body) {
  const auto head = netlink::header_of<ifinfomsg>(body);
  if (!head) return std::nullopt;
  link found;
  found.is.index = static_cast<unsigned>(head->ifi_index);
  std::string kind;
  netlink::for_each_attribute(netlink::behind(body, sizeof *head), [&](unsigned type, netlink::bytes value) {
    if (type == IFLA_IFNAME) found.is.name = netlink::text_in(value);
    if (type != IFLA_LINKINFO) return;
    netlink::for_each_attribute(value, [&](unsigned inner, netlink::bytes text) {
      if (inner == IFLA_INFO_KIND) kind = netlink::text_in(text);
    });
  });
  constexpr unsigned needed = IFF_UP | IFF_RUNNING;
  found.can_carry = (head->ifi_flags & needed) == needed && (head->ifi_flags & IFF_LOOPBACK) == 0 && !is_tunnel(kind);
  return found;
}

/// The interfaces through which it leads, if it is a default route.
std::vector<unsigned> default_route_in(netlink::bytes body) {
  const auto head = netlink::header_of<rtmsg>(body);
  constexpr unsigned unusable = RTNH_F_DEAD | RTNH_F_LINKDOWN;
  std::vector<unsigned> through;
  if (!head || head->rtm_dst_len != 0 || head->rtm_type != RTN_UNICAST || (head->rtm_flags & unusable) != 0)
    return through;
  unsigned table = head->rtm_table;
  netlink::for_each_attribute(netlink::behind(body, sizeof *head), [&](unsigned type, netlink::bytes value) {
    if (type == RTA_TABLE) table = netlink::number_in(value);
    if (type == RTA_OIF) through.push_back(netlink::number_in(value));
    if (type != RTA_MULTIPATH) return;
    for (auto hop = netlink::header_of<rtnexthop>(value);
         hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= value.size();
         hop = netlink::header_of<rtnexthop>(value)) {
      if ((hop->rtnh_flags & unusable) == 0) through.push_back(static_cast<unsigned>(hop->rtnh_ifindex));
      value = netlink::behind(value, hop->rtnh_len);
    }
  });
  if (table != RT_TABLE_MAIN) through.clear();
  return through;
}

/// The interface of an address of IPv6 that others can answer to.
std::optional<unsigned> usable_address_in(netlink::bytes body) {
  const auto head = netlink::header_of<ifaddrmsg>(body);
  if (!head || head->ifa_scope != RT_SCOPE_UNIVERSE) return std::nullopt;
  unsigned flags = head->ifa_flags;
  netlink::for_each_attribute(netlink::behind(body, sizeof *head), [&](unsigned type, netlink::bytes value) {
    if (type == IFA_FLAGS) flags = netlink::number_in(value);
  });
  const bool is_ready = (flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_OPTIMISTIC) != 0;
  if (!is_ready || (flags & IFA_F_DADFAILED) != 0) return std::nullopt;
  return head->ifa_index;
}

template <class Header, auto member>
Header of_family(int family) {
  Header about{};
  about.*member = static_cast<unsigned char>(family);
  return about;
}

}  // namespace

std::optional<std::vector<interface_state>> interfaces() {
  netlink_socket kernel;
  std::vector<link> links;
  std::set<unsigned> four, six, addressed;
  const auto routes_into = [](std::set<unsigned>& into) {
    return [&into](netlink::bytes body) {
      for (const unsigned index : default_route_in(body)) into.insert(index);
    };
  };
  const auto add_link = [&links](netlink::bytes body) {
    if (auto found = link_in(body)) links.push_back(std::move(*found));
  };
  const auto add_address = [&addressed](netlink::bytes body) {
    if (const auto index = usable_address_in(body)) addressed.insert(*index);
  };
  const auto route = of_family<rtmsg, &rtmsg::rtm_family>;
  const bool told = kernel.ask(RTM_GETLINK, of_family<ifinfomsg, &ifinfomsg::ifi_family>(AF_UNSPEC), add_link) &&
                    kernel.ask(RTM_GETROUTE, route(AF_INET), routes_into(four));
  if (!told) return std::nullopt;
  // There need not be IPv6.
  kernel.ask(RTM_GETROUTE, route(AF_INET6), routes_into(six));
  kernel.ask(RTM_GETADDR, of_family<ifaddrmsg, &ifaddrmsg::ifa_family>(AF_INET6), add_address);
  std::vector<interface_state> all;
  for (link& one : links) {
    const unsigned index = one.is.index;
    const bool has_route = four.contains(index) || (six.contains(index) && addressed.contains(index));
    one.is.is_uplink = one.can_carry && has_route;
    all.push_back(std::move(one.is));
  }
  return all;
}

error_code interface_watch::open() {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return last_error();
  sockaddr_nl here{};
  here.nl_family = AF_NETLINK;
  here.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_IFADDR;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    const error_code error = last_error();
    ::close(descriptor);
    return error;
  }
  error_code error;
  news_.assign(descriptor, error);
  return error;
}

// All that has come by now is one piece of news. On a router most of it is about routes to other places. When the
// kernel has had to drop some (ENOBUFS), they may have been about anything.
bool interface_watch::take_news() {
  std::vector<std::byte> buffer(buffer_size);
  bool matters = false;
  for (;;) {
    const ssize_t size = ::recv(news_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS) {
      matters = true;
      continue;
    }
    if (size <= 0) return matters;
    netlink::for_each_message(
        netlink::bytes(buffer).first(static_cast<std::size_t>(size)), [&](const nlmsghdr& head, netlink::bytes body) {
          const bool is_route = head.nlmsg_type == RTM_NEWROUTE || head.nlmsg_type == RTM_DELROUTE;
          const auto route = netlink::header_of<rtmsg>(body);
          matters = matters || !is_route || (route && route->rtm_dst_len == 0);
        });
  }
}

#else

std::optional<std::vector<interface_state>> interfaces() { return std::nullopt; }
error_code interface_watch::open() { return asio::error::operation_not_supported; }
bool interface_watch::take_news() { return false; }

#endif

task<error_code> interface_watch::wait() {
  error_code error;
  for (bool matters = false; !matters && !error; matters = !error && take_news()) {
    const auto [failed] = co_await news_.async_wait(asio::posix::descriptor_base::wait_read, use_result);
    error = failed;
  }
  co_return error;
}

void interface_watch::close() {
  error_code ignored;
  news_.close(ignored);
}

}  // namespace mtcp::platform
