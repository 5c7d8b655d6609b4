// Errors for layers that do not know Asio: what a WELCOME means to the client, and errors that have a name in
// asio::error too.
#pragma once

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/error.hpp"

namespace mtcp {

/// What a WELCOME's status means to the client; no error for `ok`.
error_code to_error(core::welcome_status status) noexcept;
/// The same, with the reason that it may give.
error_code to_error(const core::welcome& got) noexcept;

/// Errors of asio::error, for layers that do not know Asio.
error_code connection_reset() noexcept;
error_code connection_refused() noexcept;
error_code operation_aborted() noexcept;
error_code timed_out() noexcept;

/// Whether `why` says what `what` says, at whichever hop of the way that was.
bool means(const error_code& why, const error_code& what) noexcept;

}  // namespace mtcp
