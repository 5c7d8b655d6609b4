// A DNS server (RFC 1035) on loopback that says exactly what a test wants, in the test's own io_context.
#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"

namespace mtcp::test {

class name_server {
 public:
  /// How a question is answered. Questions for names that nobody set are answered with NXDOMAIN.
  struct answer {
    enum class kind { addresses, silence, failure } what = kind::addresses;
    std::vector<std::string> addresses;  ///< none: the name exists, but has no address of this family
    std::uint32_t ttl = 60;              ///< seconds
  };
  enum class type : std::uint16_t { a = 1, aaaa = 28 };

  explicit name_server(const executor& where) : name_server(where, {asio::ip::address_v4::loopback(), 0}) {}
  name_server(const executor& where, const udp::endpoint& at);

  /// "127.0.0.1:PORT", as a resolver takes it.
  std::string address() const;
  std::uint16_t port() const { return socket_.local_endpoint().port(); }
  void set(const std::string& name, type t, answer a) { answers_[{name, t}] = std::move(a); }
  /// Questions that came for `name`, of both types.
  int questions(const std::string& name) const;
  /// The ports that they came from.
  const std::set<std::uint16_t>& askers(const std::string& name) { return askers_[name]; }

 private:
  void receive();
  void reply(std::size_t size);

  udp::socket socket_;
  udp::endpoint from_;
  std::array<unsigned char, 1500> buffer_{};
  std::map<std::pair<std::string, type>, answer> answers_;
  std::map<std::string, int> questions_;
  std::map<std::string, std::set<std::uint16_t>> askers_;
};

}  // namespace mtcp::test
