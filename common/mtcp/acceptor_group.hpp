// Several acceptors that serve as one, each in a thread of its own.
//
//   const auto group = std::make_shared<mtcp::acceptor_group>();
//   options.group = group;
//   mtcp::acceptor front(io, options);           // listens
//   options.listen.clear();
//   mtcp::acceptor other(other_io, options);     // need not
//
// A tunnel lives whole at one member, at that with the fewest when it begins. Bridges may come in at any member that
// listens: after their HELLO they move where they belong, with their TLS state.
//
// The group may be shared by threads; each acceptor belongs to its own. An acceptor must be destroyed before its
// io_context, by its own thread or after that has ended.
#pragma once

#include <cstddef>
#include <memory>

namespace mtcp {

namespace detail {
class server;
class session_directory;
}  // namespace detail

class acceptor_group {
 public:
  /// `memory`: bytes that all streams may hold together; 0 for any number. When it is passed, the largest session of
  /// the key that holds most has to give some back: its largest streams are reset, or it ends.
  explicit acceptor_group(std::size_t memory = 0);
  ~acceptor_group();
  acceptor_group(const acceptor_group&) = delete;
  acceptor_group& operator=(const acceptor_group&) = delete;

 private:
  friend class detail::server;
  std::unique_ptr<detail::session_directory> directory_;
};

}  // namespace mtcp
