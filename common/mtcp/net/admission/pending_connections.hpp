// The strangers of a server: connections that have not said a valid HELLO yet. Carries out what admission decides.
//
// One that has sent nothing costs its socket and an entry here: no coroutine, no TLS. With its first bytes it is handed
// on to the observer, where it holds a place until it is a stranger no more. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/net/admission/admission.hpp"
#include "mtcp/net/asio/lifeline.hpp"

namespace mtcp::detail {

class pending_connections {
 public:
  using id = admission::id;

  class observer {
   public:
    /// The connection has sent its first bytes and may go on. It needs a place.
    virtual void on_speaker(id who, tcp::socket socket, const asio::ip::address& from) = 0;
    /// The same for a proxy's, which begins with whose it is.
    virtual void on_proxy(id who, tcp::socket socket) = 0;
    /// One is not listened to, or no longer, and nothing was read from it: what becomes of it is up to the observer.
    virtual void on_dismissed(tcp::socket socket, const asio::ip::address& from) = 0;
    /// One has failed without a word of TLS, and is dismissed.
    virtual void on_failure(const asio::ip::address& from, stranger why) = 0;
    /// Whether somebody has bridges from there now.
    virtual bool has_bridges(const asio::ip::address& from) const = 0;

   protected:
    ~observer() = default;
  };
  class place;

  /// The process may have so many descriptors.
  pending_connections(const executor& where, const admission_options& limits, std::size_t descriptors,
                      observer& server);

  /// A connection was accepted. If `by_proxy` it is from a trusted proxy.
  void enter(tcp::socket socket, const asio::ip::address& from, bool by_proxy);
  /// The proxy has said that the connection comes from `source`; the unspecified address means from itself. It waits
  /// for its first bytes behind that.
  void set_source(id who, tcp::socket socket, const asio::ip::address& source);
  /// Closes all that are here or come yet.
  void close();

  std::size_t pending() const noexcept { return admission_.pending(); }
  std::size_t silent() const noexcept { return admission_.silent(); }
  /// Connections closed so far for an admission limit, and for silence, junk or a wrong key.
  std::uint64_t turned_away() const noexcept { return turned_away_; }
  std::uint64_t failed() const noexcept { return failed_; }
  /// Closed since their addresses were locked out, and those that are.
  std::uint64_t locked_out() const noexcept { return locked_out_; }
  std::vector<penalties::row> locks(std::size_t most) const;

 private:
  struct silent_one {
    tcp::socket socket;
    bool by_proxy;  ///< whose it is comes first
    asio::ip::address from;
    bool of_proxy = false;  ///< its own, as when it looks whether anybody is here
  };
  struct speaker {
    std::function<void()> close;
    bool overdue = false;
  };

  void await_first_bytes(id who, silent_one connection);
  void on_readable(id who);
  void dismiss(silent_one connection);
  void turn_away(id who);
  void close(id who);
  void watch_deadlines();
  void on_deadline();
  void expire(id who);

  admission admission_;
  observer& observer_;
  std::unordered_map<id, silent_one> silent_;
  std::unordered_map<id, speaker> speaking_;
  std::uint64_t turned_away_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t locked_out_ = 0;
  bool closed_ = false;
  timer timer_;
  core::timestamp next_check_ = core::timestamp::max();  // when timer_ goes off
  lifeline lifeline_;
};

/// One that speaks, for as long as it is a stranger.
class pending_connections::place {
 public:
  /// `close` makes whoever serves the connection end. Called at once if there was no place left meanwhile.
  place(pending_connections& at, id who, std::function<void()> close);
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place();

  void answered() { at_.admission_.answered(who_); }
  void authenticated() { at_.admission_.authenticated(who_); }
  /// It ends as a stranger.
  void fail();
  /// The same, for a reason that its address pays for.
  void fail(const asio::ip::address& from, stranger why);
  /// Its time was over, and that is why it was closed.
  bool is_overdue() const { return at_.speaking_.at(who_).overdue; }
  /// It goes on as one that waits: set_source() follows.
  void hand_back() { handed_back_ = true; }

 private:
  pending_connections& at_;
  id who_;
  bool handed_back_ = false;
};

}  // namespace mtcp::detail
