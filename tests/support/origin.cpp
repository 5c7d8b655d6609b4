#include "support/origin.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "support/content.hpp"

namespace mtcp::lab {
namespace {

namespace http = boost::beast::http;
using upload_parser = http::request_parser<http::buffer_body>;
using boost::beast::flat_buffer;

constexpr std::size_t block_size = 256 * 1024;

std::optional<std::uint64_t> bytes_wanted(std::string_view path) {
  constexpr std::string_view prefix = "/bytes/";
  if (!path.starts_with(prefix)) return {};
  path.remove_prefix(prefix.size());
  std::uint64_t size = 0;
  const auto [end, failed] = std::from_chars(path.data(), path.data() + path.size(), size);
  if (failed != std::errc{} || end != path.data() + path.size()) return {};
  return size;
}

task<bool> send(tcp_socket& socket, std::string_view text) {
  const auto [ec, size] = co_await asio::async_write(socket, asio::buffer(text), as_result);
  co_return !ec;
}

std::string head(std::string_view status, std::uint64_t length) {
  std::string text = "HTTP/1.1 ";
  text += status;
  text += "\r\nContent-Type: application/octet-stream\r\nContent-Length: ";
  text += std::to_string(length);
  return text += "\r\n\r\n";
}

task<bool> send_bytes(tcp_socket& socket, std::uint64_t size) {
  const std::string header = head("200 OK", size);
  if (!co_await send(socket, header)) co_return false;
  std::vector<std::byte> block(std::min<std::uint64_t>(block_size, size));
  for (std::uint64_t sent = 0; sent < size; sent += block.size()) {
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), size - sent));
    fill_content(part, sent);
    const auto [ec, n] = co_await asio::async_write(socket, asio::buffer(part.data(), part.size()), as_result);
    if (ec) co_return false;
  }
  co_return true;
}

task<bool> receive_upload(tcp_socket& socket, flat_buffer& buffer, upload_parser& parser) {
  std::vector<std::byte> block(block_size);
  sha256 hash;
  std::uint64_t total = 0;
  while (!parser.is_done()) {
    parser.get().body().data = block.data();
    parser.get().body().size = block.size();
    const auto [ec, n] = co_await http::async_read(socket, buffer, parser, as_result);
    if (ec && ec != http::error::need_buffer) co_return false;
    const std::size_t size = block.size() - parser.get().body().size;
    hash.update(std::span(block).first(size));
    total += size;
  }
  const std::string result = hash.hex() + ' ' + std::to_string(total) + '\n';
  const std::string answer = head("200 OK", result.size()) + result;
  co_return co_await send(socket, answer);
}

/// One request and its response; false when the connection is over.
task<bool> exchange(tcp_socket& socket, flat_buffer& buffer) {
  upload_parser parser;
  parser.body_limit(boost::none);
  const auto [ec, n] = co_await http::async_read_header(socket, buffer, parser, as_result);
  if (ec) co_return false;
  const auto& request = parser.get();
  if (request[http::field::expect] == "100-continue") co_await send(socket, "HTTP/1.1 100 Continue\r\n\r\n");
  if (request.target() == "/upload") co_return co_await receive_upload(socket, buffer, parser);
  if (const auto size = bytes_wanted(request.target())) co_return co_await send_bytes(socket, *size);
  const std::string answer = head("404 Not Found", 0);
  co_return co_await send(socket, answer);
}

}  // namespace

origin::origin(const std::string& address)
    : address_(address), listener_(std::make_unique<tcp_listener>(listen_on(background_.get_executor(), address, 0))) {
  port_ = listener_->local_endpoint().port();
  background_.spawn(accept());
}

origin::~origin() { background_.stop(); }

std::string origin::url(const std::string& path) const {
  const bool v6 = address_.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + address_ + "]" : address_) + ':' + std::to_string(port_) + path;
}

task<> origin::accept() {
  for (;;) {
    auto [ec, socket] = co_await listener_->async_accept(as_result);
    if (ec) co_return;
    background_.spawn(serve(std::move(socket)));
  }
}

task<> origin::serve(tcp_socket socket) {
  flat_buffer buffer(block_size);
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  while (co_await exchange(socket, buffer)) {
  }
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace mtcp::lab
