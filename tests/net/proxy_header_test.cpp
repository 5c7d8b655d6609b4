#include "mtcp/net/admission/proxy_header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mtcp {
namespace {

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string header(const std::string& kind, const std::string& block) {
  return signature + kind + static_cast<char>(block.size() >> 8) + static_cast<char>(block.size() & 0xff) + block;
}

std::vector<std::byte> bytes(const std::string& text) {
  std::vector<std::byte> out;
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
  return out;
}

std::string source(const std::string& text) {
  const auto told = read_proxy_header(bytes(text));
  return told ? told->source.to_string() : "malformed";
}

std::string destination(const std::string& text) {
  const auto told = read_proxy_header(bytes(text));
  return told ? told->destination.to_string() : "malformed";
}

const std::string none = boost::asio::ip::address().to_string();

TEST(ProxyHeader, TellsTheSource) {
  EXPECT_EQ(source(header("\x21\x11", std::string("\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x34\x20\xfb", 12))),
            "192.0.2.7");
  const std::string six = "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x09" + std::string(20, '\0');
  EXPECT_EQ(source(header("\x21\x21", six)), "2001:db8::9");
  EXPECT_EQ(source(header("\x21\x11", std::string("\xc0\x00\x02\x07", 4) + std::string(60, 'x'))), "192.0.2.7")
      << "extensions follow";
}

TEST(ProxyHeader, TellsTheDestination) {
  const std::string four = header("\x21\x11", std::string("\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x34\x20\xfb", 12));
  EXPECT_EQ(destination(four), "10.0.0.1");
  const std::string six =
      std::string(16, '\1') + "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x09" + std::string(4, '\0');
  EXPECT_EQ(destination(header("\x21\x21", six)), "2001:db8::9");
  EXPECT_EQ(destination(header(std::string("\x20\x00", 2), "")), none);
}

TEST(ProxyHeader, MayTellOfNobody) {
  EXPECT_EQ(source(header(std::string("\x20\x00", 2), "")), none) << "a health check";
  EXPECT_EQ(source(header("\x20\x11", std::string(12, 'x'))), none);
  EXPECT_EQ(source(header("\x21\x31", std::string(216, 'x'))), none) << "a local socket";
}

TEST(ProxyHeader, IsExact) {
  const std::string good = header("\x21\x11", std::string(12, 'x'));
  ASSERT_NE(source(good), "malformed");
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_EQ(source(good.substr(0, size)), "malformed") << size;
  EXPECT_EQ(source(good + "x"), "malformed");
  for (std::size_t i = 0; i < 13; ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    EXPECT_EQ(source(bad), "malformed") << i;
  }
  EXPECT_EQ(source(header("\x21\x11", std::string(11, 'x'))), "malformed");
  EXPECT_EQ(source(header("\x21\x21", std::string(35, 'x'))), "malformed");
  EXPECT_EQ(source(header("\x22\x11", std::string(12, 'x'))), "malformed");
  EXPECT_EQ(source("PROXY TCP4 192.0.2.7 10.0.0.1 4660 8443\r\n"), "malformed") << "version 1";
}

TEST(ProxyHeader, HasALimit) {
  const auto size_of = [](const std::string& text) {
    const auto all = bytes(text);
    return proxy_header_size(std::span(all).first<proxy_header_start>());
  };
  EXPECT_EQ(size_of(header("\x21\x11", std::string(2'032, 'x'))), 2'048U);
  EXPECT_FALSE(size_of(header("\x21\x11", std::string(2'033, 'x'))));
}

}  // namespace
}  // namespace mtcp
