// Errors of a dial through a proxy. They say which hop failed, and how; compared as conditions
// (error_code::default_error_condition) they are what they would be without the proxy, where there is such a thing: the
// policy of dialling knows those.
#pragma once

#include "mtcp/async.hpp"
#include "mtcp/proxy/rejection.hpp"

namespace mtcp {

/// There is no connection to the proxy: an error of the lookup (address_search), or of connecting.
error_code proxy_unreachable(const error_code& why);
/// The connection to the proxy failed, or the deadline passed (timed_out), while it was told what is wanted.
error_code proxy_silent(const error_code& why);
/// The same once it knew the server, and was to connect to it.
error_code proxy_undecided(const error_code& why);
/// The proxy says no.
error_code proxy_refused(const proxy::rejection& why, proxy_options::protocol spoken);
/// The proxy has connected, and the dial failed between here and the server.
error_code behind_proxy(const error_code& why);

}  // namespace mtcp
