#include "mtcp/net/tls/handshake.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/error.hpp"

namespace mtcp {

namespace {

using core::frame_header_size;
using core::mac_size;

constexpr std::string_view hello_label = "mtcp1 hello";
constexpr std::string_view welcome_label = "mtcp1 welcome";

// Grows `frame` to `size` bytes from the front of `from`. False if they are not all there yet.
bool fill(std::vector<std::byte>& frame, std::size_t size, std::vector<core::slice>& from) {
  auto next = from.begin();
  while (frame.size() < size && next != from.end()) {
    const auto taken = next->bytes().first(std::min(next->size(), size - frame.size()));
    frame.insert(frame.end(), taken.begin(), taken.end());
    next->remove_prefix(taken.size());
    if (next->empty()) ++next;
  }
  from.erase(from.begin(), next);
  return frame.size() == size;
}

// The size of a frame of the expected type; 0 if it is another frame, or too long, or too short to have a MAC.
std::size_t body_size(const std::vector<std::byte>& header, core::frame_type expected) noexcept {
  const auto at = [&header](std::size_t i) { return std::to_integer<std::size_t>(header[i]); };
  const std::size_t size = at(1) << 16 | at(2) << 8 | at(3);
  if (at(0) != static_cast<std::size_t>(expected) || size < mac_size || size > core::max_control_body) return 0;
  return size;
}

task<error_code> receive_exactly(secure_channel& channel, std::vector<std::byte>& frame, std::size_t size,
                                 std::vector<core::slice>& rest) {
  while (!fill(frame, size, rest)) {
    const error_code failed = co_await channel.read(rest);
    if (failed) co_return failed;
  }
  co_return error_code();
}

// The frame with its header and a MAC that is right. Bytes behind it are left in `rest`.
task<result<std::vector<std::byte>>> receive_frame(secure_channel& channel, core::frame_type type,
                                                   std::string_view label, std::vector<core::slice>& rest) {
  std::vector<std::byte> frame;
  error_code failed = co_await receive_exactly(channel, frame, frame_header_size, rest);
  if (failed) co_return failed;
  const std::size_t size = body_size(frame, type);
  if (size == 0) co_return error_code(errc::malformed_hello);
  failed = co_await receive_exactly(channel, frame, frame_header_size + size, rest);
  if (failed) co_return failed;
  const auto all = std::span<const std::byte>(frame);
  const mac_bytes expected = channel.bind(label, all.first(all.size() - mac_size));
  if (!equal_in_constant_time(expected, all.last(mac_size))) co_return error_code(errc::wrong_mac);
  co_return frame;
}

template <class Message, class Decode>
task<result<received<Message>>> receive_message(secure_channel& channel, core::frame_type type, std::string_view label,
                                                Decode decode) {
  std::vector<core::slice> rest;
  const auto frame = co_await receive_frame(channel, type, label, rest);
  if (!frame) co_return frame.error();
  std::optional<Message> message = decode(std::span<const std::byte>(*frame).subspan(frame_header_size));
  if (!message) co_return error_code(errc::malformed_hello);
  if (core::is_known_version(message->version) && message->version != channel.shared_key().version())
    co_return error_code(errc::malformed_hello);
  co_return received<Message>{std::move(*message), std::move(rest)};
}

task<error_code> send_frame(secure_channel& channel, std::vector<std::byte> frame, std::string_view label) {
  const auto mac = std::span(frame).last(mac_size);
  std::ranges::copy(channel.bind(label, std::span(frame).first(frame.size() - mac_size)), mac.begin());
  const error_code error = channel.write(frame);
  if (error) co_return error;
  co_return co_await channel.flush_all();
}

}  // namespace

task<error_code> send_hello(secure_channel& channel, const core::hello& message) {
  return send_frame(channel, core::encode(message), hello_label);
}

task<result<received<core::hello>>> receive_hello(secure_channel& channel) {
  return receive_message<core::hello>(channel, core::frame_type::hello, hello_label, &core::decode_hello);
}

task<error_code> send_welcome(secure_channel& channel, const core::welcome& message) {
  return send_frame(channel, core::encode(message), welcome_label);
}

task<result<received<core::welcome>>> receive_welcome(secure_channel& channel) {
  return receive_message<core::welcome>(channel, core::frame_type::welcome, welcome_label, &core::decode_welcome);
}

}  // namespace mtcp
