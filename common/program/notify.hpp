// Tells the service manager how the program is: the protocol of sd_notify(3), without libsystemd.
#pragma once

#include <string_view>

namespace mtcp::program {

/// `state` is "READY=1" and the like. Does nothing where nobody asked ($NOTIFY_SOCKET), and never blocks or fails.
void notify(std::string_view state) noexcept;

}  // namespace mtcp::program
