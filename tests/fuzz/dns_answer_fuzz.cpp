// Answers of name servers: whatever one says, a lookup ends, and with an error or an address. c-ares reads the packet,
// over sockets that are none, and ours is what is made of it.
#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "mtcp/net/dial/lookup_answer.hpp"

namespace {

using namespace mtcp;

constexpr ares_socket_t only_socket = 100;
constexpr std::size_t header_size = 12;

/// A name server that answers the first question, and no other.
struct name_server {
  std::vector<std::byte> question{};
  std::vector<std::byte> answer{};
  bool asked = false;

  void ask(std::span<const std::byte> packet, fuzz::choices from);
};

sockaddr_in address() {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(53);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// Either all of the packet is the fuzzer's, but for the number of the question, or what follows the question and its
// head.
void name_server::ask(std::span<const std::byte> packet, fuzz::choices from) {
  asked = true;
  question.assign(packet.begin(), packet.end());
  const bool polite = (from.byte() & 1) != 0;
  answer.assign(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(polite ? packet.size() : 2));
  if (polite && answer.size() >= header_size) {
    answer[2] |= std::byte{0x80};
    for (std::size_t at = 6; at < header_size; ++at) answer[at] = static_cast<std::byte>(from.byte());
  }
  const auto rest = from.rest();
  answer.insert(answer.end(), rest.begin(), rest.end());
}

/// The server and what it is going to say.
struct exchange {
  name_server server;
  fuzz::choices said;
};

ares_socket_t open_socket(int, int type, int, void*) { return type == SOCK_DGRAM ? only_socket : ARES_SOCKET_BAD; }
int close_socket(ares_socket_t, void*) { return 0; }
int connect(ares_socket_t, const sockaddr*, ares_socklen_t, void*) { return 0; }

ares_ssize_t receive(ares_socket_t, void* to, std::size_t size, int, sockaddr* from, ares_socklen_t* from_size,
                     void* data) {
  name_server& server = static_cast<exchange*>(data)->server;
  if (server.answer.empty()) {
    errno = EAGAIN;
    return -1;
  }
  const std::size_t taken = std::min(size, server.answer.size());
  std::copy_n(server.answer.begin(), taken, static_cast<std::byte*>(to));
  server.answer.clear();
  if (from != nullptr) {
    const sockaddr_in it = address();
    std::copy_n(reinterpret_cast<const char*>(&it), sizeof it, reinterpret_cast<char*>(from));
    *from_size = sizeof it;
  }
  return static_cast<ares_ssize_t>(taken);
}

ares_ssize_t send(ares_socket_t, const iovec* pieces, int count, void* data) {
  std::vector<std::byte> packet;
  for (const iovec& one : std::span(pieces, static_cast<std::size_t>(count))) {
    const auto* begin = static_cast<const std::byte*>(one.iov_base);
    packet.insert(packet.end(), begin, begin + one.iov_len);
  }
  auto& of = *static_cast<exchange*>(data);
  if (!of.server.asked) of.server.ask(packet, of.said);
  return static_cast<ares_ssize_t>(packet.size());
}

using channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, decltype(&ares_destroy)>;

channel open_channel(exchange& with) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  static const ares_socket_functions functions{open_socket, close_socket, connect, receive, send};
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_IGNTC;
  options.tries = 1;
  char files_are_none[] = "b";
  options.lookups = files_are_none;
  ares_channel made = nullptr;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
  fuzz::require(library == ARES_SUCCESS && ares_init_options(&made, &options, mask) == ARES_SUCCESS, "c-ares starts");
  ares_set_socket_functions(made, &functions, &with);
  fuzz::require(ares_set_servers_ports_csv(made, "127.0.0.1:53") == ARES_SUCCESS, "it takes a name server");
  return {made, &ares_destroy};
}

struct question {
  int family;
  std::optional<detail::lookup_answer> answer{};
};

void keep(void* of, int status, int, ares_addrinfo* found) {
  auto& asked = *static_cast<question*>(of);
  asked.answer = detail::lookup_answer::of(asked.family, status, found);
  if (found != nullptr) ares_freeaddrinfo(found);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices said(fuzz::bytes_of(data, size));
  ares_addrinfo_hints hints{};
  hints.ai_family = (said.byte() & 1) != 0 ? AF_INET6 : AF_INET;
  hints.ai_flags = ARES_AI_NOSORT;
  exchange with{{}, said};
  question asked{hints.ai_family};
  {
    const channel asks = open_channel(with);
    ares_getaddrinfo(asks.get(), "www.example.org", nullptr, &hints, keep, &asked);
    ares_process_fd(asks.get(), only_socket, ARES_SOCKET_BAD);
  }
  const auto& answer = asked.answer;
  fuzz::require(answer.has_value(), "a lookup ends, with its channel at the latest");
  fuzz::require(answer->error || !answer->addresses.empty(), "without an error there is an address");
  for (const ip_address& one : answer->addresses)
    fuzz::require(one.is_v6() == (hints.ai_family == AF_INET6), "addresses are of the family that was asked for");
  return 0;
}
