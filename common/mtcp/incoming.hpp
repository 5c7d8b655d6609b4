// What the other end of a tunnel has opened: a server gets the streams of its clients (acceptor.hpp), a client those of
// the connections that the server has accepted for it (tunnel.hpp).
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <memory>
#include <string>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/completion.hpp"
#include "mtcp/key.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

/// A stream that the peer opened and that waits for an answer. Destroying it refuses it (refusal::general).
class incoming {
 public:
  incoming() = default;
  incoming(stream unanswered, std::string user, const key_id& owner, std::string from = {}, std::string session = {},
           bool listens = false)
      : stream_(std::move(unanswered)),
        user_(std::move(user)),
        owner_(owner),
        from_(std::move(from)),
        session_(std::move(session)),
        listens_(listens) {}
  incoming(incoming&&) noexcept = default;
  incoming& operator=(incoming&&) noexcept;
  ~incoming();

  bool is_open() const noexcept { return stream_.is_open(); }
  /// These need is_open().
  const core::target& target() const noexcept { return stream_.target(); }
  /// (client) Where the connection comes from for which the server has opened it.
  const core::target& source() const noexcept { return stream_.source(); }
  /// (server) It is no stream, but target() is what the client wants listened on: only who knows how answers it.
  bool listens() const noexcept { return listens_; }
  core::stream_id id() const noexcept { return stream_.id(); }
  /// (server) Whose key the client holds: its name, or its id if it has none.
  const std::string& user() const noexcept { return user_; }
  const key_id& owner() const noexcept { return owner_; }
  /// (server) Where the client's latest bridge comes from, and tunnel_snapshot::session.
  const std::string& from() const noexcept { return from_; }
  const std::string& session() const noexcept { return session_; }

  /// The target was reached from `bound`, this end's address of that connection as text; it may be empty. Bytes that
  /// the peer sent early are there to read. The request is closed afterwards.
  stream answer(const core::target& bound);
  /// The target was not reached. The request is closed afterwards.
  void refuse(core::refusal why);

 private:
  stream stream_;
  std::string user_;
  key_id owner_{};
  std::string from_, session_;
  bool listens_ = false;
};

namespace detail {

using accept_completion = completion<error_code, incoming>;

/// For who has try_accept() and its like: a tunnel's client, an acceptor's server.
template <class Acceptor>
struct initiate_accept {
  template <class Handler>
  void operator()(Handler handler, std::weak_ptr<Acceptor> self) const {
    const std::shared_ptr<Acceptor> alive = self.lock();
    error_code error;
    incoming out;
    if (try_accept(*alive, error, out))
      return complete_at_once(std::move(handler), executor_of(*alive), error, std::move(out));
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([self](asio::cancellation_type) {
        if (const auto still = self.lock()) cancel_accept(*still);
      });
    wait_accept(*alive, accept_completion(std::move(handler), executor_of(*alive)));
  }
};

}  // namespace detail
}  // namespace mtcp
