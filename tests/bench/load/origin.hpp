// What the proxies connect to. The first byte of a connection says what it is for:
//   d  the origin sends without end     u  it swallows what comes     e  it sends back what comes
#pragma once

#include <cstdint>

namespace load {

/// Serves on every address of `port` until the process is ended. Prints "ready".
[[noreturn]] void serve(std::uint16_t port);

}  // namespace load
