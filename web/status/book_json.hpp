// What a program has written down of what it carried, as documents. Counters are bytes.
#pragma once

#include <string>

#include "program/traffic_book.hpp"
#include "status/monitor.hpp"

namespace mtcp::status {

/// /api/totals: JSON. Of each kind the names that have carried something, the most first: today, in the last seven days
/// and in this month, by local time. A name that is empty stands for all others. A server counts users alone: what they
/// reach it tells its audit log, if that is wished.
std::string totals_json(const program::traffic_book& book, role which);

/// /api/closed: JSON. The last streams that have closed, the latest first.
std::string closed_json(const program::traffic_book& book);

}  // namespace mtcp::status
