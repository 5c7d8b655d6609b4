// Network namespaces that are joined by cables, for tests of what a machine does for others. It takes root and the
// program `ip`; private_network::possible() tells.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace mtcp::lab {

/// A machine of its own, as far as the network is concerned; gone when this is destroyed and nothing runs in there.
class network_place {
 public:
  /// Throws std::system_error, and std::runtime_error with the words of `ip`.
  network_place();
  ~network_place();
  network_place(const network_place&) = delete;
  network_place& operator=(const network_place&) = delete;

  /// What `work` does and starts (sockets, threads, processes) is in there, for as long as it lives.
  template <class F>
  auto inside(F work) const {
    const stay here(descriptor_);
    return work();
  }
  /// Runs `ip` in there, with words that have blanks between them.
  void ip(const std::string& words) const;
  /// An address of an interface, usable at once.
  void add_address(const std::string& address, const std::string& interface) const;

  /// What the name of the namespace may be for `ip`, of this process and its children.
  std::string name() const;

 private:
  class stay {
   public:
    explicit stay(int descriptor);
    ~stay();
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;

   private:
    int outside_;
  };

  int descriptor_;
};

/// A cable between an interface of each, which are up then.
void join(const network_place& one, const std::string& interface, const network_place& other,
          const std::string& its_interface);

}  // namespace mtcp::lab
