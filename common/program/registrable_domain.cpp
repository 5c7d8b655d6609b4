#include "program/registrable_domain.hpp"

#include <libpsl.h>

#include "mtcp/address.hpp"

namespace mtcp::program {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (out.size() > 1 && out.back() == '.') out.pop_back();
  return out;
}

}  // namespace

std::string registrable_domain(std::string_view host) {
  std::string name = lower(host);
  if (name.find(':') != std::string::npos || parse_address(name)) return name;  // with a zone, or without
  const char* const part = psl_registrable_domain(psl_builtin(), name.c_str());
  return part == nullptr ? name : std::string(part);
}

}  // namespace mtcp::program
