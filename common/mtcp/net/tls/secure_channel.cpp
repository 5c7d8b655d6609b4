#include "mtcp/net/tls/secure_channel.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstdint>
#include <utility>

#include "mtcp/error.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/asio/reset.hpp"
#include "mtcp/net/tls/tls_driver.hpp"

namespace mtcp {

namespace {

// Plaintext for one send in bytes, and as much ciphertext comes with one receive: several records per system call, and
// still little enough to stay in the second-level cache between the kernel's copy and the cipher.
constexpr std::size_t send_batch = 256 * 1024;
constexpr std::size_t receive_batch = secure_channel::receive_capacity;

// Scratch memory is per thread: nothing stays in it from one call to the next.
std::span<std::byte> receive_scratch() {
  static thread_local const auto memory = std::make_unique_for_overwrite<std::byte[]>(receive_batch);
  return {memory.get(), receive_batch};
}

std::span<std::byte> send_scratch() {
  static const std::size_t size = tls_driver::max_encrypted(send_batch);
  static thread_local const auto memory = std::make_unique_for_overwrite<std::byte[]>(size);
  return {memory.get(), size};
}

// Before it is answered a client says less than this, in bytes: ours say 300 to 600 with a name of a server (SNI).
constexpr std::size_t max_first_words = 4096;

// A TLS record with a handshake message in it starts so (RFC 8446, section 5.1). Anything else cannot be a client, and
// costs no SSL object.
bool may_be_tls(std::span<const std::byte> in) noexcept {
  return in[0] == std::byte{22} && (in.size() < 2 || in[1] == std::byte{3});
}

}  // namespace

// A socket that was closed meanwhile says so at the first wait.
secure_channel::secure_channel(tcp::socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
}
secure_channel::secure_channel(secure_channel&&) noexcept = default;
secure_channel::~secure_channel() = default;

task<error_code> secure_channel::connect(const tls_context& context, const key& own, std::string server_name) {
  auto shared = std::make_shared<const key>(own);
  tls_ = std::make_unique<tls_driver>(context, std::move(shared), server_name);
  error_code error = continue_handshake({});
  if (!error) error = co_await shake_hands();
  if (error) flush();  // the alert, as far as it goes
  // A server answers nobody whom it does not know: it just closes.
  co_return error == errc::truncated ? error_code(errc::tls_rejected) : error;
}

task<error_code> secure_channel::accept(const tls_context& context) {
  error_code error = co_await hear(context);
  if (!error) error = co_await answer();
  co_return error;
}

task<error_code> secure_channel::hear(const tls_context& context) {
  while (!pending()) {
    if (stop_hearing_) co_return asio::error::operation_aborted;
    auto [waited] = co_await socket_.async_wait(tcp::socket::wait_read, use_result);
    if (waited) co_return waited;
    const auto input = receive_some();
    if (!input) co_return input.error();
    const error_code error = hear_more(context, *input);
    if (error) co_return error;
  }
  std::vector<std::byte>().swap(heard_);
  co_return error_code();
}

error_code secure_channel::hear_more(const tls_context& context, std::span<const std::byte> in) {
  if (in.empty()) return {};
  heard_.insert(heard_.end(), in.begin(), in.end());
  if (!may_be_tls(heard_)) return errc::tls_failed;
  if (!tls_) tls_ = std::make_unique<tls_driver>(context);
  error_code error = continue_handshake(in);
  if (!error && !pending() && heard_.size() > max_first_words) error = errc::tls_failed;
  if (error) pending_.clear();
  return error;
}

void secure_channel::stop_hearing() noexcept {
  stop_hearing_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

secure_channel::unanswered secure_channel::give_up() && { return {std::move(socket_), std::move(heard_)}; }

task<error_code> secure_channel::answer() {
  const error_code error = co_await shake_hands();
  if (error) {
    pending_.clear();
    pending_sent_ = 0;
  }
  co_return error;
}

task<error_code> secure_channel::shake_hands() {
  for (;;) {
    const error_code unsent = co_await flush_all();
    if (unsent) co_return unsent;
    if (tls_->established()) co_return error_code();
    const auto asked = now();
    auto [waited] = co_await socket_.async_wait(tcp::socket::wait_read, use_result);
    if (waited) co_return waited;
    handshake_rtt_ = std::max<std::chrono::nanoseconds>(handshake_rtt_, now() - asked);
    const auto input = receive_some();
    if (!input) co_return input.error();
    if (const error_code failed = continue_handshake(*input)) co_return failed;
  }
}

// What comes behind the handshake, also its end, is for read().
error_code secure_channel::continue_handshake(std::span<const std::byte> in) {
  const error_code error = tls_->handshake(in, pending_, early_);
  if (!error || !tls_->established()) return error;
  ended_ = error;
  return {};
}

const key& secure_channel::shared_key() const noexcept { return tls_->shared_key(); }
bool secure_channel::has_been_offered_a_key() const noexcept { return tls_ && tls_->has_been_offered_a_key(); }
bool secure_channel::has_wrong_clock() const noexcept { return tls_ && tls_->has_wrong_clock(); }
const key_id& secure_channel::peer_key() const noexcept { return shared_key().id(); }
const char* secure_channel::cipher_name() const noexcept { return tls_->cipher_name(); }
std::uint64_t secure_channel::key_updates() const noexcept { return tls_->key_updates(); }
std::array<std::byte, 32> secure_channel::exporter() const { return tls_->exporter(); }

mac_bytes secure_channel::bind(std::string_view label, std::span<const std::byte> message) const {
  return bind_to(shared_key(), exporter(), label, message);
}

mac_bytes bind_to(const key& shared, std::span<const std::byte> exporter, std::string_view label,
                  std::span<const std::byte> message) {
  const auto label_bytes = std::as_bytes(std::span(label));
  std::vector<std::byte> input;
  input.reserve(label.size() + exporter.size() + message.size());
  input.insert(input.end(), label_bytes.begin(), label_bytes.end());
  input.insert(input.end(), exporter.begin(), exporter.end());
  input.insert(input.end(), message.begin(), message.end());
  return hmac(shared.mac_key(), input);
}

task<error_code> secure_channel::wait_writable() {
  auto [error] = co_await socket_.async_wait(tcp::socket::wait_write, use_result);
  co_return error;
}

// The result is in this thread's scratch memory, and valid until the next co_await. Empty if nothing had arrived after
// all.
result<std::span<const std::byte>> secure_channel::receive_some() {
  const std::span<std::byte> scratch = receive_scratch();
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(scratch.data(), scratch.size()), error);
  if (error == asio::error::eof) return error_code(errc::truncated);
  if (error && error != asio::error::would_block) return error;
  return std::span<const std::byte>(scratch.first(size));
}

// 0 if the socket is full.
result<std::size_t> secure_channel::send_some(std::span<const std::byte> bytes) {
  error_code error;
  const std::size_t size = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block) return error;
  return size;
}

task<error_code> secure_channel::read(std::vector<core::slice>& out) {
  const std::size_t before = out.size();
  while (out.size() == before) {
    // Always by way of the reactor, also when there is more to read at once: so every bridge gets its turn.
    if (const error_code waited = co_await wait_readable()) co_return waited;
    const auto received = receive(out);
    if (!received) co_return received.error();
  }
  co_return error_code();
}

task<error_code> secure_channel::wait_readable() {
  if (!early_.empty() || ended_) co_return error_code();
  auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, use_result);
  co_return error;
}

result<std::size_t> secure_channel::receive(std::vector<core::slice>& out) {
  const std::size_t before = out.size();
  std::ranges::move(std::exchange(early_, {}), std::back_inserter(out));
  std::size_t size = 0;
  if (!ended_ && out.size() == before) {
    const auto input = receive_some();
    ended_ = input ? tls_->decrypt(*input, out, pending_) : input.error();
    size = input ? input->size() : 0;
  }
  if (ended_ && out.size() == before) return ended_;
  return size;
}

error_code secure_channel::write(core::byte_piece plaintext) { return write(std::span(&plaintext, 1)); }

error_code secure_channel::write(std::span<const core::byte_piece> plaintext) {
  core::piece_reader from(plaintext);
  error_code error;
  while (!error && from.left() > 0) error = write_batch(from);
  return error;
}

error_code secure_channel::write_batch(core::piece_reader& from) {
  const std::span<std::byte> scratch = send_scratch();
  const auto size = tls_->encrypt(from, std::min(from.left(), send_batch), scratch, now());
  if (!size) return size.error();
  const auto ciphertext = scratch.first(*size);
  const auto sent = pending() ? result<std::size_t>(0) : send_some(ciphertext);
  if (!sent) return sent.error();
  const auto rest = ciphertext.subspan(*sent);
  pending_.insert(pending_.end(), rest.begin(), rest.end());
  return {};
}

error_code secure_channel::flush() {
  const auto sent = pending() ? send_some(std::span(pending_).subspan(pending_sent_)) : result<std::size_t>(0);
  if (!sent) return sent.error();
  pending_sent_ += *sent;
  if (pending()) return {};
  std::vector<std::byte>().swap(pending_);  // an idle channel holds no buffers
  pending_sent_ = 0;
  error_code ignored;
  if (finished_) socket_.shutdown(tcp::socket::shutdown_send, ignored);
  return {};
}

task<error_code> secure_channel::flush_all() {
  error_code error = flush();
  while (!error && pending()) {
    error = co_await wait_writable();
    if (!error) error = flush();
  }
  co_return error;
}

void secure_channel::finish() noexcept {
  if (finished_ || !socket_.is_open()) return;
  finished_ = true;
  if (tls_) tls_->goodbye(pending_);
  flush();
}

void secure_channel::close() noexcept {
  finish();
  error_code ignored;
  socket_.close(ignored);
}

void secure_channel::abort() noexcept { detail::reset(socket_); }

secure_channel secure_channel::move_to(const executor& where) && {
  const auto protocol = socket_.local_endpoint().protocol();
  secure_channel moved(tcp::socket(where, protocol, socket_.release()));
  moved.tls_ = std::move(tls_);
  moved.pending_ = std::move(pending_);
  moved.pending_sent_ = std::exchange(pending_sent_, 0);
  // Chunks are counted by one thread: the other one gets copies of its own.
  for (const core::slice& s : early_) moved.early_.push_back(core::slice::copy_of(s.bytes()));
  early_.clear();
  moved.ended_ = ended_;
  moved.handshake_rtt_ = handshake_rtt_;
  moved.finished_ = finished_;
  return moved;
}

}  // namespace mtcp
