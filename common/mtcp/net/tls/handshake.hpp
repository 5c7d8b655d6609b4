// The first frame in each direction of a bridge, sent and received on its channel, with the MAC that ties it to this
// very TLS connection and to the key: HMAC-SHA256(mac key, role label || TLS exporter || frame without the MAC).
#pragma once

#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/net/tls/secure_channel.hpp"

namespace mtcp {

template <class Message>
struct received {
  Message message;
  std::vector<core::slice> rest;  ///< bytes of frames that followed in the same read
};

/// Each waits for its whole frame and has no deadline of its own: close the channel to end it. Errors: of the channel,
/// errc::malformed_hello, errc::wrong_mac. The version of a message has to be that of the key, for its sender to set;
/// one of a version that is not known is returned with nothing but that.
task<error_code> send_hello(secure_channel& channel, const core::hello& message);
task<result<received<core::hello>>> receive_hello(secure_channel& channel);
task<error_code> send_welcome(secure_channel& channel, const core::welcome& message);
task<result<received<core::welcome>>> receive_welcome(secure_channel& channel);

}  // namespace mtcp
