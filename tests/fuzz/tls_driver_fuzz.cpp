// A client and a server of TLS with the fuzzer between them, who delivers what they say as it likes, spoils it, and
// adds to it. It cannot make either end take what the other has not said, nor get in without a key.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "mtcp/net/tls/tls_driver.hpp"

namespace {

using namespace mtcp;

key_ring ring_of(const key& one) {
  key_ring keys;
  keys.add(one);
  return keys;
}

const key& shared_key() {
  static const key shared = key::generate();
  return shared;
}

class end {
 public:
  explicit end(bool is_server) : tls_(make(is_server)) {
    if (!is_server) handle({});
  }

  /// What this end says, until it is delivered.
  std::vector<std::byte> out;

  void handle(std::span<const std::byte> in) {
    if (failed_) return;
    failed_ = static_cast<bool>(tls_->established() ? tls_->decrypt(in, got_, out) : tls_->handshake(in, out, got_));
  }
  void say(std::span<const std::byte> plain) {
    if (failed_ || !tls_->established()) return;
    const core::byte_piece whole = plain;
    core::piece_reader reader({&whole, 1});
    std::vector<std::byte> sealed(tls_driver::max_encrypted(plain.size()));
    const auto size = tls_->encrypt(reader, plain.size(), sealed, {});
    fuzz::require(size.has_value() && *size <= sealed.size(), "what is short is encrypted");
    out.insert(out.end(), sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(*size));
    said_.insert(said_.end(), plain.begin(), plain.end());
  }
  bool established() const { return tls_->established(); }
  /// Nothing that it got was said by nobody.
  void check(const end& peer) const {
    std::size_t at = 0;
    for (const core::slice& piece : got_) {
      const auto bytes = piece.bytes();
      fuzz::require(at + bytes.size() <= peer.said_.size(), "nobody adds to what the peer has said");
      fuzz::require(std::equal(bytes.begin(), bytes.end(), peer.said_.begin() + static_cast<std::ptrdiff_t>(at)),
                    "nobody changes it");
      at += bytes.size();
    }
  }

 private:
  static std::unique_ptr<tls_driver> make(bool is_server) {
    static const tls_context for_clients = tls_context::client();
    if (is_server) return std::make_unique<tls_driver>(tls_context::server(ring_of(shared_key())));
    return std::make_unique<tls_driver>(for_clients, std::make_shared<const key>(shared_key()));
  }

  std::unique_ptr<tls_driver> tls_;
  std::vector<core::slice> got_;
  std::vector<std::byte> said_;
  bool failed_ = false;
};

void deliver(end& from, end& to, std::size_t most) {
  const auto size = static_cast<std::ptrdiff_t>(std::min(most, from.out.size()));
  const std::vector<std::byte> part(from.out.begin(), from.out.begin() + size);
  from.out.erase(from.out.begin(), from.out.begin() + size);
  if (!part.empty()) to.handle(part);
}

void spoil(end& of, fuzz::choices& by) {
  const unsigned at = by.byte() * 256 + by.byte();
  const auto with = static_cast<std::byte>(by.byte());
  if (!of.out.empty()) of.out[at % of.out.size()] ^= with;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices by(fuzz::bytes_of(data, size));
  std::array<end, 2> ends{end(false), end(true)};
  bool heard = false;  // the server, from the client
  while (!by.empty()) {
    const unsigned choice = by.byte();
    end& here = ends[choice % 2];
    end& there = ends[1 - choice % 2];
    switch (choice / 2 % 6) {
      case 0:
        heard = heard || &here == ends.data();
        deliver(here, there, SIZE_MAX);
        break;
      case 1:
        heard = heard || &here == ends.data();
        deliver(here, there, by.byte());
        break;
      case 2:
        here.say(by.take(by.byte()));
        break;
      case 3:
        spoil(here, by);
        break;
      case 4:
        here.handle(by.take(by.byte() * 4UL));
        break;
      default:
        here.out.erase(here.out.end() - std::min<std::ptrdiff_t>(by.byte(), std::ssize(here.out)), here.out.end());
    }
    ends[0].check(ends[1]);
    ends[1].check(ends[0]);
    fuzz::require(heard || !ends[1].established(), "nobody gets in without a key");
  }
  return 0;
}
