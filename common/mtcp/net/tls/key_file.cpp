#include "mtcp/key_ring.hpp"
#include "mtcp/net/platform/private_file.hpp"

namespace mtcp {

key_ring load_key_file(const std::string& path, const std::function<void(const key&)>& check) {
  const private_text text(path, private_text::readers::owner, max_key_file);
  key_ring keys = parse_key_file(path, text.view(), check);
  if (keys.empty()) {
    throw key_error(key_error::kind::malformed, path + ": there is no key in it");
  }
  return keys;
}

}  // namespace mtcp
