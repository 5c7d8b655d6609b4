// A session as the server keeps it: whose it is, what it takes to join it, and when it ends for want of bridges.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mtcp/core/hello.hpp"
#include "mtcp/core/range_set.hpp"
#include "mtcp/net/acceptor.hpp"
#include "mtcp/net/key.hpp"
#include "mtcp/net/lifeline.hpp"
#include "mtcp/net/session.hpp"

namespace mtcp::detail {

class server_session final : public session::listener {
 public:
  /// What it tells the server. on_end() is called once; it may drop its reference, which the caller still holds.
  class observer {
   public:
    virtual void on_incoming(incoming request) = 0;
    virtual void on_end(server_session& which, const std::string& why) = 0;

   protected:
    ~observer() = default;
  };

  server_session(const executor& where, const acceptor_options& options, const key& owner, observer& server);

  const core::session_id& id() const noexcept { return id_; }
  const core::join_secret& secret() const noexcept { return secret_; }
  const key_id& owner() const noexcept { return owner_; }
  const std::string& user() const noexcept { return user_; }
  session& core() noexcept { return core_; }
  const session& core() const noexcept { return core_; }

  /// Whether a peer that holds `holder` and said `hello` may join. Takes as long for every wrong secret.
  bool may_join(const key_id& holder, const core::hello& hello) const;
  /// What to tell a bridge that wants this id: `refused` if it has been used before, `limit` if there are bridges
  /// enough.
  core::welcome_status claim_bridge(core::bridge_id id);

  /// Runs a bridge until it ends; the session ends resume_timeout after the last one.
  task<error_code> run_bridge(bridge& carrier, std::vector<core::slice> first);
  /// A bridge that had a place did not come up after all: without any other, nobody knows of the session.
  void abandon();
  /// Tells the client to go, and ends.
  void leave(std::chrono::milliseconds patience);
  void end(error_code why, const std::string& text);

 private:
  void on_event(const core::event& what) override;
  void accept_stream(core::stream_id id);
  void wait_for_bridges();

  const acceptor_options& options_;
  observer& server_;
  core::session_id id_;
  core::join_secret secret_;
  key_id owner_;
  std::string user_;
  session core_;
  core::range_set used_bridges_;
  std::size_t bridges_ = 0;  // running, or about to
  bool had_bridges_ = false;
  bool client_leaves_ = false;
  timer expiry_;
  lifeline lifeline_;
};

}  // namespace mtcp::detail
