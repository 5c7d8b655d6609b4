// A piece of network between a client and a server that can be cut: a plain TCP relay on loopback.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <list>
#include <memory>

#include "mtcp/async.hpp"

namespace mtcp::test {

class cuttable_relay {
 public:
  cuttable_relay(asio::io_context& io, tcp::endpoint to);
  ~cuttable_relay() { close(); }

  tcp::endpoint local_endpoint() const { return listener_.local_endpoint(); }
  std::size_t connections() const { return links_.size(); }
  /// Connections accepted since the start.
  std::size_t accepted() const { return accepted_; }

  /// Resets a connection on both sides, the oldest first.
  void cut_one();
  void cut_all();
  /// From now on the oldest connection carries nothing more, and nobody is told.
  void silence_one() { links_.front()->silent = true; }
  void silence_all();
  /// Silent connections go on where they stopped.
  void resume_all();
  /// While refusing, new connections are reset as they come.
  void refuse(bool on) { refusing_ = on; }
  /// Where connections to come lead to.
  void lead_to(tcp::endpoint to) { to_ = to; }
  void close();

 private:
  struct link {
    explicit link(const executor& where) : near(where), far(where), resumed(where, timer::time_point::max()) {}
    tcp::socket near, far;
    bool silent = false;
    timer resumed;  // cancelled when the silence is over
  };
  using link_ref = std::shared_ptr<link>;

  void accept();
  task<> carry(link_ref both);
  static task<> copy(link_ref both, bool forward);
  static void cut(link& both);

  executor executor_;
  tcp::acceptor listener_;
  tcp::endpoint to_;
  std::list<link_ref> links_;
  std::size_t accepted_ = 0;
  bool refusing_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // coroutines may outlive the relay
};

}  // namespace mtcp::test
