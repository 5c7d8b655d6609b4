#include "net/name_server.hpp"

namespace mtcp::test {
namespace {

constexpr std::size_t header_size = 12;
using message = std::vector<unsigned char>;

void put16(message& out, unsigned value) {
  out.push_back(static_cast<unsigned char>(value >> 8));
  out.push_back(static_cast<unsigned char>(value & 0xff));
}

/// The name at the start of the question, and where it ends.
std::pair<std::string, std::size_t> name_at(const unsigned char* data, std::size_t size) {
  std::string name;
  std::size_t at = header_size;
  while (at < size && data[at] != 0) {
    if (!name.empty()) name += '.';
    name.append(reinterpret_cast<const char*>(data) + at + 1, data[at]);
    at += 1U + data[at];
  }
  return {name, at + 1};
}

void put_record(message& out, unsigned type, std::uint32_t ttl, const ip_address& address) {
  put16(out, 0xc00c);  // the name of the question
  put16(out, type);
  put16(out, 1);
  put16(out, ttl >> 16);
  put16(out, ttl & 0xffff);
  const auto append = [&out](const auto& bytes) {
    put16(out, static_cast<unsigned>(bytes.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  if (address.is_v4()) {
    append(address.to_v4().to_bytes());
  } else {
    append(address.to_v6().to_bytes());
  }
}

}  // namespace

name_server::name_server(const executor& where, const udp::endpoint& at) : socket_(where, at) { receive(); }

std::string name_server::address() const {
  const udp::endpoint at = socket_.local_endpoint();
  return at.address().to_string() + ':' + std::to_string(at.port());
}

int name_server::questions(const std::string& name) const {
  const auto it = questions_.find(name);
  return it == questions_.end() ? 0 : it->second;
}

void name_server::receive() {
  socket_.async_receive_from(asio::buffer(buffer_), from_, [this](error_code error, std::size_t size) {
    if (error) return;
    reply(size);
    receive();
  });
}

void name_server::reply(std::size_t size) {
  const auto [name, end] = name_at(buffer_.data(), size);
  const unsigned asked = static_cast<unsigned>(buffer_[end] << 8 | buffer_[end + 1]);
  ++questions_[name];
  askers_[name].insert(from_.port());
  const auto it = answers_.find({name, static_cast<type>(asked)});
  const bool known = it != answers_.end();
  const answer said = known ? it->second : answer{};
  if (said.what == answer::kind::silence) return;
  const unsigned code = !known ? 3 : said.what == answer::kind::failure ? 2 : 0;

  message out(buffer_.begin(), buffer_.begin() + 2);
  put16(out, 0x8180 | code);
  put16(out, 1);
  put16(out, static_cast<unsigned>(said.addresses.size()));
  put16(out, 0);
  put16(out, 0);
  out.insert(out.end(), buffer_.begin() + header_size, buffer_.begin() + static_cast<std::ptrdiff_t>(end) + 4);
  for (const auto& address : said.addresses) put_record(out, asked, said.ttl, parse_address(address).value());
  error_code ignored;
  socket_.send_to(asio::buffer(out), from_, 0, ignored);
}

}  // namespace mtcp::test
