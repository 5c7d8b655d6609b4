#include "mtcp/net/tls/tls_bio.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace mtcp {

namespace {

tls_wire& wire_of(BIO* bio) noexcept { return *static_cast<tls_wire*>(BIO_get_data(bio)); }

int read(BIO* bio, char* to, int size) noexcept {
  tls_wire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  if (wire.in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t n = std::min(wire.in.size(), static_cast<std::size_t>(size));
  std::memcpy(to, wire.in.data(), n);
  wire.in = wire.in.subspan(n);
  return static_cast<int>(n);
}

// No exception may pass through OpenSSL: out of memory is a failed write.
int write(BIO* bio, const char* from, int size) noexcept {
  const auto bytes = std::as_bytes(std::span(from, static_cast<std::size_t>(size)));
  std::vector<std::byte>* out = wire_of(bio).out;
  BIO_clear_retry_flags(bio);
  try {
    out->insert(out->end(), bytes.begin(), bytes.end());
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return size;
}

long control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mtcp");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(method, &read);
  BIO_meth_set_write(method, &write);
  BIO_meth_set_ctrl(method, &control);
  return method;
}

}  // namespace

BIO* make_bio(tls_wire& wire) {
  static BIO_METHOD* const method = make_method();  // for the whole process
  BIO* bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace mtcp
