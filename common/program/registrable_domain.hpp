// The part of a name that somebody can register, by the Public Suffix List: "www.example.co.uk" belongs to
// "example.co.uk".
#pragma once

#include <string>
#include <string_view>

namespace mtcp::program {

/// In lower case and without a final dot. What has no such part stays itself: an address, "localhost", "co.uk".
std::string registrable_domain(std::string_view host);

}  // namespace mtcp::program
