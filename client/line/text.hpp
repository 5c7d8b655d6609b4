// The figures and the verdict of `mtcp-client test` as text for people, and as JSON.
#pragma once

#include <string>
#include <vector>

#include "figures.hpp"
#include "status/json.hpp"
#include "verdict.hpp"

namespace mtcp::client::line {

/// The head of the table, and a row of it.
std::string table_head();
std::string table_row(const std::string& what, const figures& got);
/// What follows: whether mtcp helps, what the network seems to do, and the options to take.
std::vector<std::string> conclusions(const report& all, const verdict& what);
/// What follows of an object that has been begun.
void write_members(status::json& out, const report& all, const verdict& what);

/// "auto" or a number: the value for --bridges.
std::string bridges_option(const verdict& what);
/// In words that a program can rely on: shared-line, per-connection, uneven.
const char* name_of(network seems);

}  // namespace mtcp::client::line
