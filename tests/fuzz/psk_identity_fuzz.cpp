// What strangers say in place of a PSK identity: it finds a key only if a holder of that key said it.
#include <memory>

#include "fuzz/fuzz.hpp"
#include "mtcp/net/tls/psk_identity.hpp"

namespace {

using namespace mtcp;

constexpr auto now = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000));

struct world {
  key first = key::generate();
  key_ring::identity server = std::make_shared<const server_identity>(server_identity::generate());
  key second = key::generate(server->public_key());
  key_ring keys;

  world() {
    keys.add(first);
    keys.add(second);
    keys.add(server);
  }
};

/// A good identity, with bytes of the fuzzer's in places of its choice.
psk_identity spoilt(const key& of, fuzz::choices& from) {
  psk_identity out = name_key(of, now).identity;
  while (!from.empty()) {
    const unsigned at = from.byte();
    out[at % out.size()] ^= static_cast<std::byte>(from.byte());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const world all;
  const auto said = fuzz::bytes_of(data, size);
  fuzz::require(!find_by_identity(all.keys, said, now).key, "nobody guesses a name");
  for (const key* one : {&all.first, &all.second}) {
    fuzz::choices from(said);
    const psk_identity identity = spoilt(*one, from);
    const found_key found = find_by_identity(all.keys, identity, now);
    fuzz::require(!found.key || found.key->id() == one->id(), "a name is nobody else's");
  }
  return 0;
}
