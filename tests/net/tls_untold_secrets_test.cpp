// A version of OpenSSL that does not tell the secrets of a handshake as we expect.
#include <array>
#include <string>
#include <string_view>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_context_state.hpp"
#include "net/tls_driver_pair.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;

// OpenSSL tells secrets by a callback and in words that another version may change. The ends of such a version must not
// agree on keys that nobody has told.
class UntoldSecrets : public ::testing::TestWithParam<void (*)(const SSL*, const char*)> {
 protected:
  tls_context affected(tls_context context) {
    SSL_CTX_set_keylog_callback(context->ssl.get(), GetParam());
    return context;
  }
  tls_context client_context = tls_context::client();
  tls_context server_context = tls_context::server(ring_of({shared}));

  // Returns what became of the client; then of the server, if it heard of the former.
  std::array<tls_driver::error_code, 2> shake_hands(tls_context of_client, tls_context of_server) {
    tls_driver client(std::move(of_client), std::make_shared<const key>(shared));
    tls_driver server(std::move(of_server));
    bytes to_server, to_client, nothing;
    std::vector<core::slice> early;
    EXPECT_FALSE(client.handshake({}, to_server, early));
    EXPECT_FALSE(server.handshake(to_server, to_client, early));
    to_server.clear();
    const auto first = client.handshake(to_client, to_server, early);
    const auto second = server.handshake(to_server, nothing, early);
    EXPECT_EQ(client.established(), !first);
    EXPECT_EQ(server.established(), !second);
    return {first, second};
  }

  static inline const key shared = key::generate();
};

TEST_P(UntoldSecrets, EndTheHandshakeOfTheClient) {
  EXPECT_EQ(shake_hands(affected(client_context), server_context)[0], errc::tls_failed);
}

TEST_P(UntoldSecrets, EndTheHandshakeOfTheServer) {
  const auto [client, server] = shake_hands(client_context, affected(server_context));
  EXPECT_FALSE(client);
  EXPECT_EQ(server, errc::tls_failed);
}

void tell_of_client(const SSL* ssl, const char* line) {
  if (std::string_view(line).starts_with("CLIENT_TRAFFIC_SECRET_0")) take_secret(ssl, line);
}
void tell_of_server(const SSL* ssl, const char* line) {
  if (std::string_view(line).starts_with("SERVER_TRAFFIC_SECRET_0")) take_secret(ssl, line);
}
void tell_under_other_names(const SSL* ssl, const char* line) {
  take_secret(ssl, ("TLS13_" + std::string(line)).c_str());
}
void tell_longer_ones(const SSL* ssl, const char* line) { take_secret(ssl, (std::string(line) + "00").c_str()); }
void tell_less(const SSL* ssl, const char* line) { take_secret(ssl, std::string(line, 100).c_str()); }
void tell_in_other_digits(const SSL* ssl, const char* line) {
  std::string other(line);
  other.back() = '=';
  take_secret(ssl, other.c_str());
}

INSTANTIATE_TEST_SUITE_P(Ways, UntoldSecrets,
                         ::testing::Values(nullptr, tell_of_client, tell_of_server, tell_under_other_names,
                                           tell_longer_ones, tell_less, tell_in_other_digits));

}  // namespace
}  // namespace mtcp::testing
