#include "mtcp/net/tls/tls_driver.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <new>
#include <stdexcept>
#include <utility>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_context_state.hpp"

namespace mtcp {

namespace {

constexpr std::size_t record_payload = tls_record_key::max_content;
constexpr std::size_t header_size = tls_record_key::header_size;
// The message (RFC 8446, section 4.6.3): type, length and whether the peer is to replace its key, too.
constexpr std::array<std::byte, 5> key_update{std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}};
constexpr std::size_t key_update_size = key_update.size() + tls_record_key::overhead;
// Less than this behind such a pause is padded. What comes more often, acknowledgements above all, would cost too much.
constexpr std::size_t padded_size = 512;
constexpr core::duration padded_pause = std::chrono::seconds(1);
// At most this much is encrypted between two looks at the age of the key.
constexpr std::size_t batch_size = 16 * record_payload;
// Alerts (section 6): level and what it is.
constexpr std::uint8_t warning = 1, fatal = 2;
constexpr std::uint8_t close_notify = 0, bad_record_mac = 20, user_canceled = 90;
// Most records in a row that carry no data: key updates, each of which costs as much as many records of data.
constexpr unsigned max_empty_records = 32;

constexpr std::size_t record_count(std::size_t bytes) noexcept { return (bytes + record_payload - 1) / record_payload; }

std::size_t body_size(std::span<const std::byte> header) noexcept {
  return std::to_integer<std::size_t>(header[3]) << 8 | std::to_integer<std::size_t>(header[4]);
}
std::size_t record_size(std::span<const std::byte> header) noexcept { return header_size + body_size(header); }

// Nothing else comes behind the handshake.
bool is_record(std::span<const std::byte> header) noexcept {
  const std::size_t size = body_size(header);
  return header[0] == static_cast<std::byte>(tls_content::data) && size >= tls_record_key::min_body &&
         size <= tls_record_key::max_body;
}

// The names of the server, and of the protocols that a browser offers it; the answer to the latter is none.
void look_like_a_browser(SSL* ssl, const std::string& server_name) {
  static constexpr unsigned char http[] = "\x02h2\x08http/1.1";
  if (SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1 || SSL_set_alpn_protos(ssl, http, sizeof http - 1) != 0) {
    throw std::bad_alloc();
  }
}

std::atomic<std::size_t> live_drivers{0};

// The chunk of this thread that takes plaintext next, and how much of it is used.
class plaintext_chunk {
 public:
  struct place {
    std::span<std::byte> first, second;
  };

  /// Where `size` bytes (16 KiB + 1 at most) go: to the rest of the chunk and the front of the next one.
  place room(std::size_t size) {
    if (used_ == core::chunk_capacity) advance(0);
    const std::size_t here = std::min(size, core::chunk_capacity - used_);
    if (here < size && !next_) next_ = core::chunk_ref::make();
    return {{chunk_.data() + used_, here}, {here < size ? next_.data() : nullptr, size - here}};
  }
  /// The first `n` of them are genuine data. Hands a full chunk out at once, so that memory is shared as little as
  /// possible.
  void commit(std::size_t n, std::vector<core::slice>& out) {
    const std::size_t here = std::min(n, core::chunk_capacity - used_);
    used_ += here;
    if (used_ == core::chunk_capacity) hand_out(out);
    if (here < n) advance(n - here);
  }
  void hand_out(std::vector<core::slice>& out) {
    if (used_ != begin_) out.emplace_back(chunk_, begin_, used_ - begin_);
    begin_ = used_;
  }

 private:
  void advance(std::size_t used) {
    chunk_ = next_ ? std::exchange(next_, {}) : core::chunk_ref::make();
    begin_ = 0;
    used_ = used;
  }

  // Made at once: the free list of chunk_ref must be destroyed after this object, so it has to be constructed before.
  core::chunk_ref chunk_ = core::chunk_ref::make();
  core::chunk_ref next_;
  std::size_t begin_ = 0;  // of what has not been handed out
  std::size_t used_ = 0;
};

plaintext_chunk& this_threads_chunk() {
  static thread_local plaintext_chunk chunk;
  return chunk;
}

}  // namespace

tls_driver::tls_driver(tls_context context, key_ring::entry own, const std::string& server_name)
    : context_(std::move(context)) {
  exchange_.shared = std::move(own);
  exchange_.keys = &context_->keys;
  exchange_.decoy = &context_->decoy;
  exchange_.seen = context_->seen.get();
  exchange_.time = context_->options.time_of_day();
  ssl_.reset(SSL_new(context_->ssl.get()));
  if (ssl_ == nullptr) throw std::bad_alloc();
  BIO* bio = make_bio(wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), &exchange_);
  if (context_->server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    named_key named = name_key(*exchange_.shared, exchange_.time);
    exchange_.identity = std::move(named.identity);
    exchange_.psk = named.psk;
    if (!server_name.empty()) look_like_a_browser(ssl_.get(), server_name);
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

tls_driver::error_code tls_driver::fail(error_code why) {
  condition_ = condition::failed;
  return why;
}

tls_driver::error_code tls_driver::handshake(std::span<const std::byte> in, std::vector<std::byte>& out,
                                             std::vector<core::slice>& early) {
  wire_ = {in, &out};
  ERR_clear_error();
  const std::size_t before = out.size();
  const int done = SSL_do_handshake(ssl_.get());
  if (const error_code error = done == 1 ? error_code() : error_of(done)) {
    // Whoever answers without the key may be a web server that a server of ours has answer.
    return fail(error == errc::tls_failed && !context_->server ? error_code(errc::tls_rejected) : error);
  }
  if (context_->server && out.size() > before && !may_answer(exchange_)) {
    out.resize(before);
    stale_ = exchange_.wrong_clock;
    return fail(errc::tls_failed);
  }
  if (done != 1) return {};
  if (const error_code error = finish_handshake()) return fail(error);
  if (!take_over()) return fail(errc::tls_failed);
  return wire_.in.empty() ? error_code() : decrypt(std::exchange(wire_.in, {}), early, out);
}

// OpenSSL has read and written its last record, and is not needed any more. Returns false if it has not told the
// secrets of both directions: two ends that went on without them would agree on keys that everybody knows.
bool tls_driver::take_over() {
  if (!exchange_.client_traffic || !exchange_.server_traffic || !export_binding()) return false;
  using use = tls_record_key::use;
  using suite = tls_record_key::suite;
  const bool chacha20 = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get())) == 0x1303;
  const suite which = chacha20 ? suite::chacha20_poly1305 : suite::aes_128_gcm;
  const bool server = context_->server;
  sealing_.emplace(use::sealing, server ? *exchange_.server_traffic : *exchange_.client_traffic, which);
  opening_.emplace(use::opening, server ? *exchange_.client_traffic : *exchange_.server_traffic, which);
  exchange_.client_traffic.reset();
  exchange_.server_traffic.reset();
  exchange_.psk = secret_bytes();
  cipher_name_ = SSL_get_cipher_name(ssl_.get());
  ssl_.reset();  // with the first secrets, from which all keys to come would follow
  return true;
}

// ---- receiving ----

tls_driver::error_code tls_driver::decrypt(std::span<const std::byte> in, std::vector<core::slice>& plain,
                                           std::vector<std::byte>& alert) {
  if (condition_ == condition::failed) return errc::tls_failed;
  const verdict said = decrypt_all(in, plain);
  this_threads_chunk().hand_out(plain);
  if (said == verdict::fine) return {};
  if (said == verdict::goodbye) return boost::asio::error::eof;
  if (said == verdict::wrong) append_alert(fatal, bad_record_mac, alert);
  return fail(errc::tls_failed);
}

tls_driver::verdict tls_driver::decrypt_all(std::span<const std::byte> in, std::vector<core::slice>& plain) {
  verdict so_far = verdict::fine;
  while (so_far == verdict::fine && !in.empty()) {
    const std::size_t size = partial_.empty() && in.size() >= header_size ? record_size(in) : 0;
    if (size == 0 || size > in.size()) {
      so_far = complete_record(in, plain);
    } else {
      so_far = open_record(in.first(size), plain);
      in = in.subspan(size);
    }
  }
  return so_far;
}

// A record that comes in pieces.
tls_driver::verdict tls_driver::complete_record(std::span<const std::byte>& in, std::vector<core::slice>& plain) {
  const auto collect = [&](std::size_t wanted) {
    const auto part = in.first(std::min(wanted - partial_.size(), in.size()));
    partial_.insert(partial_.end(), part.begin(), part.end());
    in = in.subspan(part.size());
    return partial_.size() == wanted;
  };
  if (partial_.size() < header_size && !collect(header_size)) return verdict::fine;
  if (!is_record(partial_)) return verdict::wrong;
  partial_.reserve(record_size(partial_));
  if (!collect(record_size(partial_))) return verdict::fine;
  const std::vector<std::byte> record = std::exchange(partial_, {});
  return open_record(record, plain);
}

tls_driver::verdict tls_driver::open_record(std::span<const std::byte> record, std::vector<core::slice>& plain) {
  if (!is_record(record)) return verdict::wrong;
  plaintext_chunk& chunk = this_threads_chunk();
  const auto body = record.subspan(header_size);
  const plaintext_chunk::place to = chunk.room(body.size() - (tls_record_key::min_body - 1));
  if (!opening_->open(record.first<header_size>(), body, to.first, to.second)) return verdict::wrong;
  // Behind the content come its type and then zeros (section 5.4).
  std::size_t size = to.first.size() + to.second.size();
  const auto at = [&](std::size_t i) { return i < to.first.size() ? to.first[i] : to.second[i - to.first.size()]; };
  while (size > 0 && at(size - 1) == std::byte{0}) --size;
  if (size == 0) return verdict::wrong;
  const auto type = static_cast<tls_content>(at(--size));
  if (type == tls_content::data && size > 0) {
    empty_records_ = 0;
    chunk.commit(size, plain);
    return verdict::fine;
  }
  if (++empty_records_ > max_empty_records) return verdict::wrong;
  std::array<std::byte, key_update.size()> content{};
  if (size > content.size()) return verdict::wrong;
  for (std::size_t i = 0; i < size; ++i) content[i] = at(i);
  return handle_content(type, std::span(content).first(size));
}

// Everything but data. No tickets: nobody of ours sends them.
tls_driver::verdict tls_driver::handle_content(tls_content type, std::span<const std::byte> content) {
  if (type == tls_content::handshake) return handle_key_update(content);
  if (type == tls_content::data) return verdict::fine;
  if (type != tls_content::alert || content.size() != 2) return verdict::wrong;
  const auto what = std::to_integer<std::uint8_t>(content[1]);
  if (what == close_notify) return verdict::goodbye;
  return what == user_canceled ? verdict::fine : verdict::given_up;
}

// All requests are answered together by one update, with our next write (RFC 8446, section 4.6.3).
tls_driver::verdict tls_driver::handle_key_update(std::span<const std::byte> message) {
  const bool well_formed = message.size() == key_update.size() && message.back() <= std::byte{1} &&
                           std::ranges::equal(message.first(4), std::span(key_update).first(4));
  if (!well_formed || !opening_->replace()) return verdict::wrong;
  if (message.back() == std::byte{1}) update_requested_ = true;
  return verdict::fine;
}

// ---- sending ----

std::size_t tls_driver::max_encrypted(std::size_t plain) noexcept {
  const std::size_t updates = 1 + plain / batch_size;
  return plain + record_count(plain) * tls_record_key::overhead + updates * key_update_size +
         tls_record_key::max_padding;
}

boost::system::result<std::size_t> tls_driver::encrypt(core::piece_reader& plain, std::size_t size,
                                                       std::span<std::byte> out, core::timestamp now) {
  std::size_t used = 0;
  bool ok = condition_ != condition::failed;
  const std::size_t padding = padding_of(size, now);
  while (size > 0 && ok) {
    const std::size_t batch = std::min(size, batch_size);
    if (update_requested_ || key_is_old(record_count(batch), now)) {
      ok = replace_key(out.subspan(used), now);
      used += key_update_size;
    }
    records_ += record_count(batch);
    if (!key_since_) key_since_ = now;
    for (std::size_t left = batch; left > 0 && ok;) {
      const std::size_t content = std::min(record_payload, left);
      ok = seal_next(plain, content, padding, out.subspan(used));
      used += content + padding + tls_record_key::overhead;
      left -= content;
    }
    size -= batch;
  }
  if (!ok) return fail(errc::tls_failed);
  return used;
}

std::size_t tls_driver::padding_of(std::size_t size, core::timestamp now) {
  const auto before = std::exchange(sealed_at_, now);
  if (size >= padded_size || (before && now - *before < padded_pause)) return 0;
  std::array<std::byte, 1> chance;
  random_fill(chance);
  static_assert(tls_record_key::max_padding == 255);
  return std::to_integer<std::size_t>(chance.front());
}

// One record of the next `size` bytes.
bool tls_driver::seal_next(core::piece_reader& plain, std::size_t size, std::size_t padding, std::span<std::byte> out) {
  bool ok = sealing_->begin(size, out, padding);
  while (ok && size > 0) {
    const core::byte_piece piece = plain.next(size);
    ok = !piece.empty() && sealing_->add(piece);
    size -= piece.size();
  }
  return ok && sealing_->end(tls_content::data, padding);
}

// Before `records` more are sent under the present key.
bool tls_driver::key_is_old(std::size_t records, core::timestamp now) const noexcept {
  const tls_options& options = context_->options;
  return records_ > 0 &&
         (records_ + records > options.key_update_records || now - *key_since_ >= options.key_update_interval);
}

bool tls_driver::replace_key(std::span<std::byte> out, core::timestamp now) {
  update_requested_ = false;
  records_ = 0;
  key_since_ = now;
  ++key_updates_;
  return sealing_->seal(tls_content::handshake, key_update, out) && sealing_->replace();
}

void tls_driver::append_alert(std::uint8_t level, std::uint8_t what, std::vector<std::byte>& out) {
  const std::array<std::byte, 2> content{std::byte{level}, std::byte{what}};
  std::array<std::byte, content.size() + tls_record_key::overhead> record{};
  if (sealing_->seal(tls_content::alert, content, record)) out.insert(out.end(), record.begin(), record.end());
}

void tls_driver::goodbye(std::vector<std::byte>& out) {
  if (!established() || condition_ != condition::open) return;
  condition_ = condition::said_goodbye;
  append_alert(warning, close_notify, out);
}

bool tls_driver::export_binding() {
  static constexpr std::string_view label = "EXPORTER-mtcp-1";
  auto* out = reinterpret_cast<unsigned char*>(binding_.writable().data());
  return SSL_export_keying_material(ssl_.get(), out, secret_bytes::size, label.data(), label.size(), nullptr, 0, 0) ==
         1;
}

std::array<std::byte, 32> tls_driver::exporter() const {
  if (!established()) throw std::logic_error("TLS exporter before the end of the handshake");
  std::array<std::byte, 32> out;
  std::ranges::copy(binding_.bytes(), out.begin());
  return out;
}

}  // namespace mtcp
