// What is read of BBR, and its new beginning, on real connections over loopback.
#include "mtcp/net/platform/platform_bbr.hpp"

#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <vector>

namespace mtcp::platform {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Bbr : public testing::Test {
 protected:
  Bbr() {
    tcp::acceptor door(io, {asio::ip::address_v4::loopback(), 0});
    sender.connect(door.local_endpoint());
    receiver = door.accept();
  }
  bool use(const std::string& algorithm) {
    return ::setsockopt(sender.native_handle(), IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
                        static_cast<socklen_t>(algorithm.size())) == 0;
  }
  std::string used() {
    std::array<char, 16> name{};
    socklen_t size = name.size();
    ::getsockopt(sender.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size);
    return name.data();
  }
  void send() {
    std::vector<char> bytes(10'000);
    asio::write(sender, asio::buffer(bytes));
    asio::read(receiver, asio::buffer(bytes));
  }
  // Bytes per second, the low half of it; 0 until something has been sent.
  unsigned bandwidth() {
    tcp_cc_info known{};
    socklen_t size = sizeof known;
    ::getsockopt(sender.native_handle(), IPPROTO_TCP, TCP_CC_INFO, &known, &size);
    return known.bbr.bbr_bw_lo;
  }

  asio::io_context io;
  tcp::socket sender{io}, receiver{io};
};

TEST_F(Bbr, BeginsAnewWhereItNeverLeftItsFirstPhase) {
  if (!use("bbr")) GTEST_SKIP() << "this kernel has no bbr, or does not give it to everybody";
  send();
  ASSERT_EQ(bbr_phase_of(sender.native_handle()), bbr_phase::startup);
  EXPECT_GT(bandwidth(), 0U);
  restart_bbr(sender.native_handle());
  EXPECT_EQ(bandwidth(), 0U);
  EXPECT_EQ(used(), "bbr");
  send();
  EXPECT_GT(bandwidth(), 0U);
  EXPECT_EQ(bbr_phase_of(sender.native_handle()), bbr_phase::startup);
}

TEST_F(Bbr, LeavesOtherAlgorithmsAlone) {
  ASSERT_TRUE(use("reno"));
  send();
  EXPECT_EQ(bbr_phase_of(sender.native_handle()), bbr_phase::unknown);
  restart_bbr(sender.native_handle());
  EXPECT_EQ(used(), "reno");
}

TEST_F(Bbr, IsNotFoundWhereThereIsNoConnection) {
  EXPECT_EQ(bbr_phase_of(-1), bbr_phase::unknown);
  restart_bbr(-1);
}

}  // namespace
}  // namespace mtcp::platform
