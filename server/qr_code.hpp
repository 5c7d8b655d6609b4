// QR codes (ISO/IEC 18004) for terminals.
#pragma once

#include <string>

namespace mtcp::server {

/// `text` as lines of half blocks, two modules above each other per character, black on white whatever the terminal's
/// colours are, with the quiet zone of four modules. Throws std::invalid_argument if it does not fit (2,953 bytes).
std::string qr_code(const std::string& text);

}  // namespace mtcp::server
