#include "top/frame.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "top/text.hpp"

namespace mtcp::top {
namespace {

// Columns of figures; names get what is left.
constexpr std::size_t state_columns = 9, rate_columns = 11, rtt_columns = 9, flight_columns = 10, size_columns = 9,
                      age_columns = 10;
constexpr std::size_t bar_columns = 12;

const std::string waiting_for = "waiting for an interface with a default route: ";

enum class tone : std::uint8_t { plain, good, warn, bad, quiet, title };

tone tone_of(const std::string& state) {
  if (state == "up") return tone::good;
  if (state == "suspect") return tone::warn;
  return state == "down" ? tone::bad : tone::quiet;
}

bool carries(const bridge_line& b) { return b.state != "down"; }

/// A name in its column, and a space behind it.
std::string named(const std::string& name, std::size_t columns) {
  return columns == 0 ? "" : fitted(name, columns - 1) + ' ';
}

/// The name of a bridge. The paths to one server differ at the ends of their names, if at all.
std::string name_of(const bridge_line& b, std::size_t columns) {
  const std::string name = b.id == 0 ? b.path : std::to_string(b.id) + ' ' + b.path;
  return columns == 0 ? "" : fitted_ends(name, columns - 1) + ' ';
}

/// "1.2 GB of 5.0 GB a month".
std::string spent(const path_line& p) {
  const std::string period = p.quota_period == "total" ? " in all" : " a " + p.quota_period;
  return bytes(p.quota_used) + " of " + bytes(p.quota) + period + (p.quota_is_used_up ? ": used up" : "");
}

/// How it differs from a plain path; empty if it does not.
std::string described(const path_line& p) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  if (!p.why.empty()) add(p.why);
  if (p.role != "active" && !p.why.starts_with(p.role)) add(p.role);  // most reasons of a role begin with it
  if (p.direction == "up" || p.direction == "down") add(p.direction + " only");
  if (p.rate_limit > 0) add("at most " + rate(p.rate_limit));
  if (p.quota > 0) add(spent(p));
  if (!p.congestion.empty()) add(p.congestion);
  if (p.name.find(p.proxy) == std::string::npos) add("by way of " + p.proxy);  // most names have it
  if (p.fades_after > 0) add("fades after " + bytes(p.fades_after));
  if (p.lives > 0) add("lives " + duration(p.lives));
  if (p.freezes_down > 0) add("freezes after " + bytes(p.freezes_down) + " down");
  if (p.freezes_up > 0) add("freezes after " + bytes(p.freezes_up) + " up");
  if (p.only_small_packets) add("only small packets get through: MTU?");
  if (p.dial_pause > 0) add("dials " + duration(p.dial_pause) + " apart");
  if (p.dials_held > 0 && !p.why.starts_with("dials paused")) add("dials paused for " + duration(p.dials_held));
  if (!p.last_replacement.empty()) add("last replaced: " + p.last_replacement);
  return out;
}

/// What is not active is marked as such, so that it does not look like a path that carries nothing because of a fault.
std::string state_of(const bridge_line& b, const path_line* path) {
  return b.state == "up" && path != nullptr && path->role != "active" ? path->role : b.state;
}

/// What a bridge has to say that its path does not say already.
std::string own_reason(const tunnel_part& t, const bridge_line& b) {
  const path_line* path = t.path_of(b);
  return !carries(b) || (path != nullptr && path->why == b.why) ? "" : b.why;
}

class painter {
 public:
  painter(const view& now, const style& how) : now_(now), how_(how) {}

  std::vector<std::string> paint(const std::string& notice) {
    header();
    const std::size_t wanted = bridge_rows();
    const std::size_t room = how_.rows - std::min(how_.rows, lines_.size() + 4);  // titles, a gap, the last line
    const std::size_t min_streams = std::min<std::size_t>(now_.streams.size(), room / 2);
    bridges(std::min(wanted, room - min_streams));
    line();
    streams(how_.rows - std::min(how_.rows, lines_.size() + 2));
    if (lines_.size() > how_.rows - 1) lines_.resize(how_.rows - 1);
    if (!notice.empty()) lines_.push_back(painted(tone::warn, fitted(notice, how_.columns)));
    return std::move(lines_);
  }

 private:
  void line(std::string text = {}) { lines_.push_back(std::move(text)); }

  std::string painted(tone t, const std::string& text) const {
    static constexpr const char* codes[] = {"0", "32", "33", "31", "2", "1"};  // in the order of the tones
    if (!how_.colour || t == tone::plain) return text;
    return std::string("\033[") + codes[static_cast<std::size_t>(t)] + 'm' + text + "\033[0m";
  }

  std::size_t bridge_rows() const {
    std::size_t rows = 0;
    for (const tunnel_part& t : now_.tunnels)
      rows += t.bridges.size() + !t.user.empty() + described_paths(t) + reasons(t) + t.vacant.size();
    return rows;
  }

  static bool begins_path(const tunnel_part& t, std::size_t bridge) {
    return bridge == 0 || t.bridges[bridge].path != t.bridges[bridge - 1].path;
  }

  /// The line above the first bridge of a path that is not a plain one.
  static std::string above(const tunnel_part& t, std::size_t bridge) {
    const path_line* path = begins_path(t, bridge) ? t.path_of(t.bridges[bridge]) : nullptr;
    const std::string what = path != nullptr ? described(*path) : "";
    return what.empty() ? what : path->name + ": " + what;
  }

  static std::size_t described_paths(const tunnel_part& t) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < t.bridges.size(); ++i) count += !above(t, i).empty();
    return count;
  }

  static std::size_t reasons(const tunnel_part& t) {
    const auto has_one = [&](const bridge_line& b) { return !own_reason(t, b).empty(); };
    return static_cast<std::size_t>(std::ranges::count_if(t.bridges, has_one));
  }

  void header() {
    std::size_t up = 0, all = 0;
    for (const tunnel_part& t : now_.tunnels)
      for (const bridge_line& b : t.bridges) {
        ++all;
        up += carries(b);
      }
    const std::string health = std::to_string(up) + '/' + std::to_string(all) + " bridges up";
    const std::string who = "mtcp-" + now_.role + ' ' + now_.version + ", up " + duration(now_.uptime);
    const std::size_t left = how_.columns - std::min(how_.columns, health.size());
    line(painted(tone::title, fitted(who, left)) + painted(up == 0 && now_.role == "client" ? tone::bad
                                                           : up < all                       ? tone::warn
                                                                                            : tone::good,
                                                           fitted(health, how_.columns - left)));
    line(painted(tone::title, fitted(direction(how_.unicode ? "↓" : "down", now_.rate_down, now_.bytes_down) +
                                         direction(how_.unicode ? "↑" : "up", now_.rate_up, now_.bytes_up),
                                     how_.columns)));
    line(fitted(std::to_string(now_.streams_active) + (now_.streams_active == 1 ? " stream" : " streams") +
                    ", reorder buffer " + bytes(now_.reorder) + ", retransmitted " + bytes(now_.retransmitted_bytes),
                how_.columns));
    if (now_.quota_used_up)
      line(painted(tone::bad, fitted("the key has carried all that it may this month", how_.columns)));
    line();
  }

  static std::string direction(const char* name, double per_second, double total) {
    return std::string(name) + ' ' + bytes(per_second) + "/s (" + bytes(total) + " in all)   ";
  }

  /// What is left for a name beside columns of figures.
  std::size_t beside(std::size_t figures) const { return how_.columns - std::min(how_.columns, figures); }

  void bridges(std::size_t rows) {
    const std::size_t name = beside(state_columns + bar_columns + 2 * rate_columns + rtt_columns + flight_columns + 1);
    line(painted(tone::quiet, fitted("BRIDGE", name) + fitted("STATE", state_columns) + ' ' +
                                  fitted("SHARE", bar_columns) + right("DOWN", rate_columns) +
                                  right("UP", rate_columns) + right("RTT", rtt_columns) +
                                  right("IN FLIGHT", flight_columns)));
    const std::size_t wanted = bridge_rows();
    const std::size_t shown = wanted > rows && rows > 0 ? rows - 1 : rows;
    std::size_t left = shown;
    for (const tunnel_part& t : now_.tunnels) {
      if (!t.user.empty() && left > 0) {
        --left;
        group(t);
      }
      for (std::size_t i = 0; i < t.bridges.size() && left > 0; ++i) {
        if (const std::string what = above(t, i); !what.empty()) {
          --left;
          line(painted(tone::quiet, fitted(what, how_.columns)));
        }
        if (left > 0) {
          --left;
          bridge(t.bridges[i], t.path_of(t.bridges[i]), name);
        }
        if (const std::string why = own_reason(t, t.bridges[i]); !why.empty() && left > 0) {
          --left;
          line(painted(tone::quiet, fitted("  " + why, how_.columns)));
        }
      }
    }
    for (const tunnel_part& t : now_.tunnels)
      for (std::size_t i = 0; i < t.vacant.size() && left > 0; ++i, --left)
        line(painted(tone::quiet, fitted(waiting_for + t.vacant[i], how_.columns)));
    if (wanted > rows) line(painted(tone::quiet, fitted(std::to_string(wanted - shown) + " more", how_.columns)));
  }

  void group(const tunnel_part& t) {
    const std::string month =
        t.max_month > 0 ? ", " + bytes(t.month) + " of " + bytes(t.max_month) + " this month" : std::string();
    line(painted(tone::title, fitted(t.user + ", session " + t.session + month, how_.columns)));
  }

  void bridge(const bridge_line& b, const path_line* path, std::size_t name) {
    const double all = now_.rate_up + now_.rate_down;
    const std::string state = state_of(b, path);
    const std::string head = name_of(b, name) + painted(tone_of(state), fitted(state, state_columns)) + ' ';
    if (!carries(b)) return line(head + painted(tone::bad, fitted(b.last_error, beside(name + state_columns + 1))));
    char rtt[32];
    std::snprintf(rtt, sizeof rtt, "%.1f ms", std::min(b.rtt_ms, 1e6));
    line(head + bar(all >= 1 ? (b.rate_up + b.rate_down) / all : 0, bar_columns, how_.unicode) +
         right(rate(b.rate_down), rate_columns) + right(rate(b.rate_up), rate_columns) + right(rtt, rtt_columns) +
         right(bytes(b.in_flight), flight_columns));
  }

  void streams(std::size_t rows) {
    const std::size_t name = beside(2 * rate_columns + 2 * size_columns + age_columns);
    line(painted(tone::quiet, fitted("STREAM", name) + right("DOWN", rate_columns) + right("UP", rate_columns) +
                                  right("RECEIVED", size_columns) + right("SENT", size_columns) +
                                  right("AGE", age_columns)));
    const std::size_t shown = now_.streams.size() > rows ? rows - std::min<std::size_t>(rows, 1) : now_.streams.size();
    for (std::size_t i = 0; i < shown; ++i) stream(now_.streams[i], name);
    if (now_.streams.empty()) line(painted(tone::quiet, "none"));
    if (shown < now_.streams.size() && rows > 0)
      line(painted(tone::quiet, fitted(std::to_string(now_.streams.size() - shown) + " more", how_.columns)));
  }

  void stream(const stream_line& s, std::size_t name) {
    line(named(s.target + (s.user.empty() ? "" : "  " + s.user), name) + right(rate(s.rate_down), rate_columns) +
         right(rate(s.rate_up), rate_columns) + right(bytes(s.bytes_down), size_columns) +
         right(bytes(s.bytes_up), size_columns) + right(duration(s.age), age_columns));
  }

  const view& now_;
  const style& how_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> draw(const view& now, const std::string& notice, const style& how) {
  const style possible{std::max<std::size_t>(how.columns, 1), std::max<std::size_t>(how.rows, 1), how.colour,
                       how.unicode};
  return painter(now, possible).paint(notice);
}

}  // namespace mtcp::top
