#include "qr_code.hpp"

#include <qrencode.h>

#include <memory>
#include <stdexcept>

namespace mtcp::server {
namespace {

constexpr int quiet_zone = 4;
constexpr const char* black_on_white = "\x1b[30;107m";
constexpr const char* usual_colours = "\x1b[0m";

struct free_code {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using code_ptr = std::unique_ptr<QRcode, free_code>;

bool is_black(const QRcode& code, int x, int y) {
  const bool inside = x >= 0 && y >= 0 && x < code.width && y < code.width;
  return inside && (code.data[y * code.width + x] & 1) != 0;
}

const char* block(bool upper, bool lower) {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

}  // namespace

std::string qr_code(const std::string& text) {
  const code_ptr code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L));
  if (code == nullptr) throw std::invalid_argument("too long for a QR code");
  std::string out;
  for (int y = -quiet_zone; y < code->width + quiet_zone; y += 2) {
    out += black_on_white;
    for (int x = -quiet_zone; x < code->width + quiet_zone; ++x)
      out += block(is_black(*code, x, y), is_black(*code, x, y + 1));
    out += std::string(usual_colours) + "\n";
  }
  return out;
}

}  // namespace mtcp::server
