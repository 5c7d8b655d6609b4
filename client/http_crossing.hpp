// Both directions of one exchange of plain HTTP: the request goes up while the response, or the refusal to read more of
// the request, comes down.
#pragma once

#include <cstdint>

#include "body_relay.hpp"
#include "dialogue.hpp"
#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"

namespace mtcp::client {

enum class response_state : std::uint8_t {
  awaited,
  over,      ///< it was passed on whole, or will not come
  broken,    ///< it ended before its end
  stale,     ///< the stream was an old one, and had ended before anything of a response came
  switched,  ///< from here on both sides speak another protocol
};

struct crossing {
  dialogue& with;
  request_relay& request;
  stream& remote;
  bool last;              ///< the application sends no more requests on this connection
  bool upgrades = false;  ///< the request asks for another protocol
  bool may_be_stale = false;
  unsigned version = 11;          ///< the application's: 10 or 11
  relay_pace* counter = nullptr;  ///< of both directions; may be null
  response_state response = response_state::awaited;
  bool remote_persists = false;  ///< the origin would take another request on this stream

  bool request_is_sent() const { return request.to.is_done(); }
  bool is_head() const { return request.from.get().method() == http::verb::head; }
};

/// Until both directions are over. The head of the request has been sent.
task<> cross(crossing& c);

}  // namespace mtcp::client
