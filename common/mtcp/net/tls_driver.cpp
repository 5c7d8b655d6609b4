#include "mtcp/net/tls_driver.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <new>
#include <stdexcept>
#include <utility>

#include "mtcp/net/error.hpp"
#include "mtcp/net/tls_context_state.hpp"

namespace mtcp {

namespace {

constexpr std::size_t record_payload = 16 * 1024;
// Header 5, content type 1, tag 16 (RFC 8446, section 5.2), and some more for the key update of every 16 records.
constexpr std::size_t record_overhead = 24;
// At most this much is encrypted between two looks at the age of the key.
constexpr std::size_t batch_size = 16 * record_payload;
// Most records in a row that carry no data: key updates, each of which costs as much as many records of data.
constexpr unsigned max_empty_records = 32;

constexpr std::size_t record_count(std::size_t bytes) noexcept { return (bytes + record_payload - 1) / record_payload; }

std::atomic<std::size_t> live_drivers{0};

// The chunk of this thread that takes plaintext next, and how much of it is used.
class plaintext_chunk {
 public:
  std::span<std::byte> room() {
    if (used_ == core::chunk_capacity) chunk_ = core::chunk_ref::make(), used_ = begin_ = 0;
    return {chunk_.data() + used_, core::chunk_capacity - used_};
  }
  /// Hands a full chunk out at once, so that memory is shared as little as possible.
  void commit(std::size_t n, std::vector<core::slice>& out) {
    used_ += n;
    if (used_ == core::chunk_capacity) hand_out(out);
  }
  void hand_out(std::vector<core::slice>& out) {
    if (used_ != begin_) out.emplace_back(chunk_, begin_, used_ - begin_);
    begin_ = used_;
  }

 private:
  // Made at once: chunk_ref's free list must be destroyed after this, so it has to exist before.
  core::chunk_ref chunk_ = core::chunk_ref::make();
  std::size_t begin_ = 0;  // of what has not been handed out
  std::size_t used_ = 0;
};

plaintext_chunk& this_threads_chunk() {
  static thread_local plaintext_chunk chunk;
  return chunk;
}

}  // namespace

tls_driver::tls_driver(tls_context context, key_ring::entry own) : context_(std::move(context)) {
  exchange_.shared = std::move(own);
  exchange_.keys = &context_->keys;
  exchange_.decoy = &context_->decoy;
  ssl_.reset(SSL_new(context_->ssl.get()));
  if (ssl_ == nullptr) throw std::bad_alloc();
  BIO* bio = make_bio(wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), &exchange_);
  if (context_->server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    exchange_.identity = make_psk_identity(*exchange_.shared);
    SSL_set_connect_state(ssl_.get());
  }
  ++live_drivers;
}

tls_driver::~tls_driver() { --live_drivers; }

std::size_t tls_driver::live() noexcept { return live_drivers; }

tls_driver::error_code tls_driver::error_of(int result) const noexcept {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return boost::asio::error::eof;
    default:
      return errc::tls_failed;
  }
}

// OpenSSL completes a handshake without a key when it finds another way; and a server may have run one with its decoy.
tls_driver::error_code tls_driver::finish_handshake() const noexcept {
  const auto suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get()));
  const bool ours = suite == 0x1301 || suite == 0x1303;
  if (SSL_session_reused(ssl_.get()) != 1 || SSL_version(ssl_.get()) != TLS1_3_VERSION || !ours || !exchange_.shared) {
    return errc::not_authenticated;
  }
  return {};
}

tls_driver::error_code tls_driver::handshake(std::span<const std::byte> in, std::vector<std::byte>& out,
                                             std::vector<core::slice>& early) {
  wire_ = {in, &out};
  ERR_clear_error();
  if (const int done = SSL_do_handshake(ssl_.get()); done != 1) {
    const error_code error = error_of(done);
    failed_ = error.failed();
    return error;
  }
  if (const error_code error = finish_handshake()) {
    failed_ = true;
    return error;
  }
  established_ = true;
  return wire_.in.empty() ? error_code() : decrypt(std::exchange(wire_.in, {}), early, out);
}

tls_driver::error_code tls_driver::decrypt(std::span<const std::byte> in, std::vector<core::slice>& plain,
                                           std::vector<std::byte>& alert) {
  const std::size_t before = alert.size();
  wire_ = {in, &alert};
  ERR_clear_error();
  error_code error = decrypt_all(plain);
  // One request of a key update is answered by our next write. A second one would be answered here, and so without
  // limit.
  if (!error && alert.size() != before) error = errc::tls_failed;
  failed_ = failed_ || (error && error != boost::asio::error::eof);
  return error;
}

tls_driver::error_code tls_driver::decrypt_all(std::vector<core::slice>& plain) {
  plaintext_chunk& chunk = this_threads_chunk();
  error_code error;
  while (!error && !wire_.starved) {
    const std::span<std::byte> room = chunk.room();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size);
    if (result == 1) {
      chunk.commit(size, plain);
      empty_records_ = 0;
    } else if (error = error_of(result); !error && !wire_.starved && ++empty_records_ > max_empty_records) {
      error = errc::tls_failed;
    }
  }
  chunk.hand_out(plain);
  return error;
}

tls_driver::error_code tls_driver::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& out,
                                           core::timestamp now) {
  out.reserve(out.size() + plain.size() + (record_count(plain.size()) + 2) * record_overhead);
  wire_ = {{}, &out};
  ERR_clear_error();
  while (!plain.empty()) {
    const auto batch = plain.first(std::min(plain.size(), batch_size));
    if (const error_code error = update_key(record_count(batch.size()), now)) return error;
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), batch.data(), batch.size(), &written);
    if (result != 1) return failed_ = true, error_code(errc::tls_failed);
    plain = plain.subspan(batch.size());
  }
  return {};
}

// Before `records` more are sent under the present key.
tls_driver::error_code tls_driver::update_key(std::size_t records, core::timestamp now) {
  if (!key_since_) key_since_ = now;
  const tls_options& options = context_->options;
  if (records_ > 0 &&
      (records_ + records > options.key_update_records || now - *key_since_ >= options.key_update_interval)) {
    if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) return errc::tls_failed;
    records_ = 0;
    key_since_ = now;
    ++key_updates_;
  }
  records_ += records;
  return {};
}

void tls_driver::goodbye(std::vector<std::byte>& out) {
  if (!established_ || failed_) return;
  wire_ = {{}, &out};
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // does nothing the second time
}

std::array<std::byte, 32> tls_driver::exporter() const {
  static constexpr std::string_view label = "EXPORTER-mtcp-1";
  std::array<std::byte, 32> out{};
  if (SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(), label.data(),
                                 label.size(), nullptr, 0, 0) != 1) {
    throw std::logic_error("TLS exporter before the end of the handshake");
  }
  return out;
}

}  // namespace mtcp
