// What the load generator can do. Each task prints "begin" when its measurement begins, and its result as one line of
// JSON when it is over.
#pragma once

#include <cstddef>
#include <vector>

#include "socket.hpp"

namespace load {

/// Streams without end, both ways at once: bytes of each direction in `seconds`, after a second of start-up.
void bulk(const route& way, std::size_t down, std::size_t up, double seconds);

/// One 64-byte request after the other on one connection, for `seconds`: round trips in microseconds.
void echo(const route& way, double seconds);

/// New connections, each with one 64-byte request, for `seconds` or until there were `count` (0: no limit), by
/// `workers` side by side: how many a second, and the microseconds until the first answer.
void connections(const route& way, std::size_t workers, std::size_t count, double seconds);

/// Opens `count` streams, each of which answers once, and holds them until the input ends.
void hold(const route& way, std::size_t count);

/// The median and the 99th percentile, as JSON fields.
void print_percentiles(std::vector<double>& microseconds);
void print_begin();

}  // namespace load
