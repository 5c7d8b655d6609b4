// What a secure channel costs: CPU seconds per GB (10^9 bytes) of each end over loopback, and memory per connection.
// Not a test: channel_bench [GB]
#include <malloc.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <thread>

#include "net/tls_fixture.hpp"

namespace mtcp::testing {
namespace {

double thread_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// bbr, where it is the default, paces even loopback.
void use_reno(secure_channel& channel) {
  ::setsockopt(channel.socket().native_handle(), IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

task<error_code> send_zeros(secure_channel& channel, std::size_t total) {
  const std::vector<std::byte> block(256 * 1024);
  for (std::size_t sent = 0; sent < total; sent += block.size()) {
    const error_code error = co_await write_all(channel, block);
    if (error) co_return error;
  }
  channel.finish();
  co_return error_code();
}

struct received_total {
  std::size_t bytes = 0;
  std::size_t reads = 0;
};

task<received_total> receive_all(secure_channel& channel) {
  received_total total;
  std::vector<core::slice> slices;
  for (;;) {
    slices.clear();
    const error_code error = co_await channel.read(slices);
    if (error) co_return total;
    ++total.reads;
    for (const core::slice& s : slices) total.bytes += s.size();
  }
}

void measure_throughput(double gigabytes, tls_options::cipher cipher) {
  asio::io_context io;
  asio::io_context other;
  tls_options options;
  options.preferred = cipher;
  channel_pair pair(io, options);
  use_reno(pair.client);
  secure_channel receiver = std::move(pair.server).move_to(other.get_executor());
  const auto start = std::chrono::steady_clock::now();
  double send_cpu = 0;
  std::thread sender([&] {
    run(io, send_zeros(pair.client, static_cast<std::size_t>(gigabytes * 1e9)));
    send_cpu = thread_cpu_seconds();
  });
  const double before = thread_cpu_seconds();
  running receiving(other, receive_all(receiver));
  other.run();
  const double receive_cpu = thread_cpu_seconds() - before;
  sender.join();
  const received_total total = receiving.get();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double gb = static_cast<double>(total.bytes) / 1e9;
  std::printf("%-30s %7.0f MB/s   CPU s/GB: send %.3f  receive %.3f   %.0f KiB a read\n", pair.client.cipher_name(),
              gb * 1000 / seconds, send_cpu / gb, receive_cpu / gb,
              static_cast<double>(total.bytes) / 1024 / static_cast<double>(total.reads));
}

std::size_t heap() { return ::mallinfo2().uordblks; }

// Both ends of `count` idle connections, after each has carried something each way; and as many silent strangers.
void measure_memory(std::size_t count) {
  asio::io_context io;
  const key shared = key::generate();
  const tls_context client_context = tls_context::client();
  const tls_context context = tls_context::server(ring_of({shared}));
  std::vector<socket_pair> sockets;
  for (std::size_t i = 0; i < count + 1; ++i) sockets.push_back(connected_sockets(io));
  std::list<secure_channel> channels;
  std::size_t before = 0;
  for (socket_pair& pair : sockets) {
    secure_channel& client = channels.emplace_back(std::move(pair.client));
    secure_channel& server = channels.emplace_back(std::move(pair.server));
    running connecting(io, client.connect(client_context, shared));
    run(io, server.accept(context));
    run(io, write_all(client, random_bytes(100'000, 1)));
    run(io, read_bytes(server, 100'000));
    run(io, write_all(server, random_bytes(100'000, 1)));
    run(io, read_bytes(client, 100'000));
    if (before == 0) before = heap();  // the first one warms up what all share
  }
  std::printf("heap per end of an idle connection: %zu bytes\n", (heap() - before) / (2 * count));

  sockets.clear();
  for (std::size_t i = 0; i < count; ++i) sockets.push_back(connected_sockets(io));
  before = heap();
  std::list<secure_channel> silent;
  std::list<running<error_code>> accepting;
  for (socket_pair& pair : sockets)
    accepting.emplace_back(io, silent.emplace_back(std::move(pair.server)).accept(context));
  io.restart();
  io.poll();
  std::printf("heap per silent stranger, without Asio's part of a socket: %zu bytes\n", (heap() - before) / count);
}

}  // namespace
}  // namespace mtcp::testing

int main(int argc, char** argv) {
  using cipher = mtcp::tls_options::cipher;
  const double gigabytes = argc > 1 ? std::atof(argv[1]) : 4;
  mtcp::testing::measure_memory(100);
  for (const cipher c : {cipher::aes_128_gcm, cipher::chacha20_poly1305})
    mtcp::testing::measure_throughput(gigabytes, c);
}
