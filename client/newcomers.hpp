// Connections of a local port that wants passwords, before they have given one: only so many are kept. When there are
// more, one goes: the oldest of the address, in the group of addresses, that has the most. So whoever has no password
// can fill these places, but neither those of the users nor the ones of other addresses.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "mtcp/async.hpp"
#include "mtcp/net/admission/crowd.hpp"

namespace mtcp::client {

class newcomers {
 public:
  static constexpr std::size_t default_most = 1'024;

  explicit newcomers(std::size_t most = default_most) : most_(most) {}

  /// For as long as a connection is one of them. Its socket may be closed meanwhile.
  class stay {
   public:
    stay(newcomers& among, tcp::socket& socket) : among_(among) {
      error_code gone;
      from_ = mtcp::origin::of(socket.remote_endpoint(gone).address());
      who_ = among_.enter(socket, from_);
    }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;
    ~stay() { among_.leave(who_, from_); }

   private:
    newcomers& among_;
    mtcp::origin from_;
    crowd::id who_;
  };

  std::size_t size() const noexcept { return sockets_.size(); }

 private:
  struct newcomer {
    tcp::socket* socket;
    mtcp::origin from;
  };

  crowd::id enter(tcp::socket& socket, const mtcp::origin& from) {
    if (sockets_.size() >= most_) close(crowd_.first_to_go());
    sockets_.emplace(++last_, newcomer{&socket, from});
    crowd_.insert(last_, from);
    return last_;
  }
  void close(crowd::id who) {
    const auto found = sockets_.extract(who);
    error_code ignored;
    found.mapped().socket->close(ignored);
    crowd_.erase(who, found.mapped().from);
  }
  void leave(crowd::id who, const mtcp::origin& from) {
    sockets_.erase(who);
    crowd_.erase(who, from);
  }

  std::size_t most_;
  crowd::id last_ = 0;
  std::unordered_map<crowd::id, newcomer> sockets_;
  crowd crowd_;
};

}  // namespace mtcp::client
