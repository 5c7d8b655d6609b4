// What accounts have counted, as text that outlives the program: JSON that knows its version.
#pragma once

#include <map>
#include <string>

#include "program/quota.hpp"

namespace mtcp::program {

/// By the names of those that have accounts.
using quota_records = std::map<std::string, quota_account::record>;

/// `whose` is what the text calls them, such as "paths".
std::string to_text(const quota_records& all, const std::string& whose);
/// Throws std::invalid_argument, saying what is wrong: it may be of a later version, which understands more.
quota_records parse_quota_records(const std::string& text, const std::string& whose);

}  // namespace mtcp::program
