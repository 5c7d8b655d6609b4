// The header of the PROXY protocol, which comes from whoever connects to a trusted port: as long as it says, and read
// only as a whole.
#include "fuzz/fuzz.hpp"
#include "mtcp/net/admission/proxy_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mtcp;
  const auto bytes = fuzz::bytes_of(data, size);
  const auto read = read_proxy_header(bytes);
  if (size < proxy_header_start) {
    fuzz::require(!read, "what is too short is no header");
    return 0;
  }
  const auto whole = proxy_header_size(bytes.first<proxy_header_start>());
  fuzz::require(!whole || (*whole >= proxy_header_start && *whole <= max_proxy_header), "a header's size is bounded");
  fuzz::require(!read || whole == size, "only a whole header is read");
  if (!whole || *whole > size) return 0;
  const auto header = bytes.first(*whole);
  const auto alone = read_proxy_header(header);
  if (alone) fuzz::require(alone->source.is_v4() == alone->destination.is_v4(), "both addresses are of one family");
  fuzz::require(*whole == proxy_header_start || !read_proxy_header(header.first(*whole - 1)), "a part is no header");
  return 0;
}
