// Messages of the kernel about its network, taken apart (rtnetlink(7)). Only where there is Linux.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace mtcp::platform::netlink {

using bytes = std::span<const std::byte>;

/// What stands in front, if so much is there. Nothing here is aligned as the compiler would have it.
template <class Header>
std::optional<Header> header_of(bytes data) {
  Header header;
  if (data.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, data.data(), sizeof header);
  return header;
}

inline bytes behind(bytes data, std::size_t size) {
  return data.subspan(std::min((size + 3) & ~std::size_t{3}, data.size()));
}

/// Calls `each(type, value)` for all attributes.
template <class Each>
void for_each_attribute(bytes data, Each each) {
  for (auto head = header_of<rtattr>(data); head && head->rta_len >= sizeof *head && head->rta_len <= data.size();
       head = header_of<rtattr>(data)) {
    each(static_cast<unsigned>(head->rta_type & NLA_TYPE_MASK),
         data.subspan(sizeof *head, head->rta_len - sizeof *head));
    data = behind(data, head->rta_len);
  }
}

/// Calls `each(header, body)` for all messages of one datagram.
template <class Each>
void for_each_message(bytes data, Each each) {
  for (auto head = header_of<nlmsghdr>(data); head && head->nlmsg_len >= sizeof *head && head->nlmsg_len <= data.size();
       head = header_of<nlmsghdr>(data)) {
    each(*head, data.subspan(sizeof *head, head->nlmsg_len - sizeof *head));
    data = behind(data, head->nlmsg_len);
  }
}

inline unsigned number_in(bytes value) { return header_of<unsigned>(value).value_or(0); }

inline std::string text_in(bytes value) {
  const std::string text(reinterpret_cast<const char*>(value.data()), value.size());
  return text.substr(0, text.find('\0'));
}

}  // namespace mtcp::platform::netlink
