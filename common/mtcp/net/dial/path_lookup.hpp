// How a path asks for the name of its server: by its own interface or address, since of several uplinks that of the
// default route may be the dead one; and by the default route as well where that has not helped soon, since the name
// servers of one uplink need not answer those who come by another.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/net/dial/resolver.hpp"

namespace mtcp {

/// The resolvers of a path. They live as long as it, so that a lookup outlives the dial that began it.
class path_names {
 public:
  /// `ask.interface` and `ask.bind` are the path's own.
  explicit path_names(resolver_options ask) : ask_(std::move(ask)) {}

  bool has_own_way() const { return !ask_.interface.empty() || !ask_.bind.empty(); }
  /// One resolver asks through the path's own interface or address, the other lets the kernel choose. Null if the
  /// system's configuration cannot be used.
  resolver* own(const executor& where) { return started(own_, where, ask_); }
  resolver* any(const executor& where);

  /// What is known of `name` is asked for anew the next time.
  void forget(const std::string& name);
  /// Lookups that are under way end.
  void cancel();

 private:
  static resolver* started(std::unique_ptr<resolver>& which, const executor& where, const resolver_options& ask);

  resolver_options ask_;
  std::unique_ptr<resolver> own_, any_;
};

/// One dial's part in the lookup, driven as resolver::lookup is, and by advance().
class path_lookup {
 public:
  using clock = resolver::clock;
  static constexpr std::chrono::milliseconds head_start{250};  ///< of the path's own resolver

  path_lookup(path_names& names, std::string name, timer& wake);

  /// Asks by the default route too, once that is due.
  void advance(clock::time_point now);
  bool ended() const;
  clock::time_point next() const;
  result<std::vector<ip_address>> outcome() const;

 private:
  using part = std::optional<resolver::lookup>;
  static void begin(part& which, resolver* names, const std::string& name, timer& wake);
  static bool ended(const part& which) { return !which || which->ended(); }
  static bool helped(const part& which) { return which && which->ended() && which->outcome(); }
  static error_code error_of(const part& which);
  bool waits_for_own_way() const { return any_at_ != clock::time_point::max(); }

  path_names& names_;
  std::string name_;
  timer& wake_;
  part own_, any_;
  clock::time_point any_at_ = clock::time_point::max();  // when to ask by the default route too
};

}  // namespace mtcp
