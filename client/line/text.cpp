#include "text.hpp"

#include <array>
#include <cstdio>

#include "top/text.hpp"

namespace mtcp::client::line {
namespace {

constexpr std::size_t name_columns = 34, rate_columns = 12, time_columns = 12;

std::string fixed(const char* format, double number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

std::string rate_of(const std::optional<flow>& f) { return f ? top::rate(f->rate) : "-"; }

std::string time_of(const std::optional<double>& seconds) {
  if (!seconds) return "-";
  const double ms = *seconds * 1000;
  return fixed(ms < 0.995 ? "%.2f ms" : ms < 99.95 ? "%.1f ms" : "%.0f ms", ms);
}

std::string times(double factor) { return fixed("%.1f times", factor); }

std::string counted(unsigned bridges) { return std::to_string(bridges) + (bridges == 1 ? " bridge" : " bridges"); }

std::string sentence(const char* way, const direction& d) {
  const std::string begin = std::string(way) + ": ";
  if (d.seems == network::shared_line)
    return begin + "one connection fills the line (about " + top::rate(d.best) + "): more bridges add nothing";
  const std::string each = top::rate(d.single);
  const std::string what = d.seems == network::per_connection
                               ? "per-connection limit: each connection is held to about " + each
                               : "connections are slow and uneven, as on a long or lossy way: one gets about " + each;
  const std::string more = d.rising ? ", and more bridges would carry more" : "";
  return begin + what + "; " + counted(d.enough) + " carry about " + top::rate(d.reached) + ", " + times(d.gain()) +
         " as much" + more;
}

std::string sentence(const fade& f) {
  const std::string when = "after " + top::bytes(f.bytes) + " or " + fixed("%.1f s", f.seconds);
  const std::string what = f.after < 1 ? "a connection falls silent: " + when + " nothing came any more"
                                       : "a connection fades: " + when + " it fell from " + top::rate(f.before) +
                                             " to " + top::rate(f.after);
  return what + " (--rotate auto, the default, answers that)";
}

void tell_fades(const verdict& what, std::vector<std::string>& out) {
  const auto& found = what.found;
  if (what.faded) out.push_back(sentence(*what.faded));
  const auto bytes = [](std::uint64_t count) { return top::bytes(static_cast<double>(count)); };
  if (found.fades_after_bytes != 0) out.push_back("connections fade after " + bytes(found.fades_after_bytes));
  if (found.lives.count() != 0)
    out.push_back("connections last " + fixed("%.0f s", std::chrono::duration<double>(found.lives).count()));
  if (found.freezes_after_bytes_up != 0)
    out.push_back("connections freeze after " + bytes(found.freezes_after_bytes_up) + " up");
  if (found.freezes_after_bytes_down != 0)
    out.push_back("connections freeze after " + bytes(found.freezes_after_bytes_down) + " down");
  if (found.only_small_packets)
    out.push_back("only small packets get through: mss=1200 on the path helps, if its MTU is smaller than it says");
  if (found.dial_pause.count() != 0)
    out.push_back("new connections need pauses of " +
                  fixed("%.1f s", std::chrono::duration<double>(found.dial_pause).count()) +
                  ": those that follow one another sooner get no answer");
}

void tell_network(const report& all, const verdict& what, std::vector<std::string>& out) {
  std::vector<std::string> facts;
  if (what.download) facts.push_back(sentence("down", *what.download));
  if (what.upload) facts.push_back(sentence("up", *what.upload));
  if (what.cap) {
    std::string why;
    for (const figures& f : all.counts)
      if (!f.missing.empty()) why = ": " + f.missing;
    facts.push_back("no more than " + std::to_string(*what.cap) + " connections at a time" + why);
  }
  tell_fades(what, facts);
  for (std::size_t i = 0; i < facts.size(); ++i) out.push_back((i == 0 ? "Network:  " : "          ") + facts[i]);
}

double gain_of(const std::optional<direction>& d) { return d ? d->gain() : 1; }

std::string result_of(const verdict& what) {
  if (!what.download && !what.upload) return "the line gave no answer in time: nothing can be said of it";
  if (!what.helps()) return "mtcp makes nothing faster here: more bridges add nothing";
  std::string out = "mtcp helps here";
  if (what.more_bridges_help) {
    out += ": with " + counted(what.bridges);
    if (what.download) out += ", down " + times(gain_of(what.download));
    if (what.upload) out += (what.download ? " and up " : ", up ") + times(gain_of(what.upload));
    out += " as fast as one connection";
  } else {
    out += what.more_paths_help ? ": several paths carry more than one" : ": it replaces connections that fade";
  }
  return out;
}

void tell_paths(const report& all, const verdict& what, std::vector<std::string>& out) {
  if (all.paths.size() < 2) return;
  for (std::size_t i = 0; i < all.paths.size(); ++i) {
    const path_figures& p = all.paths[i];
    std::string says = what.worth[i] ? "worth having" : "adds nothing: leave it out, or make it role=backup";
    if (p.role != core::path_role::active) says = std::string(name_of(p.role)) + ", as it is";
    if (!p.single) says = "does not work: " + p.error;
    out.push_back((i == 0 ? "Paths:    " : "          ") + p.name + ": " + says);
  }
}

std::string reason_of(const verdict& what) {
  if (what.automatic) return "   (as many as help; 16 were not too many)";
  if (!what.more_bridges_help) return "   (a second one only for when one is lost)";
  return "";
}

}  // namespace

const char* name_of(network seems) {
  switch (seems) {
    case network::shared_line:
      return "shared-line";
    case network::per_connection:
      return "per-connection";
    case network::uneven:
      return "uneven";
  }
  return "";
}

std::string bridges_option(const verdict& what) {
  if (what.automatic) return "auto";
  return std::to_string(what.more_bridges_help ? what.bridges : 2);
}

std::string table_head() {
  return top::fitted("", name_columns) + top::right("DOWN", rate_columns) + top::right("UP", rate_columns) +
         top::right("ROUND TRIP", time_columns) + top::right("BESIDE DOWN", time_columns) +
         top::right("BESIDE UP", time_columns);
}

std::string table_row(const std::string& what, const figures& got) {
  const auto loaded = [](const std::optional<flow>& f) { return f ? time_of(f->loaded) : "-"; };
  const auto column = [](const std::string& text, std::size_t columns) {
    return std::string(columns - std::min(columns, text.size()), ' ') + text;
  };
  std::string out = top::fitted_ends(what, name_columns) + column(rate_of(got.download), rate_columns) +
                    column(rate_of(got.upload), rate_columns) + column(time_of(got.round_trip), time_columns) +
                    column(loaded(got.download), time_columns) + column(loaded(got.upload), time_columns);
  if (!got.complete()) out += "  only " + std::to_string(got.up) + " came up";
  return out;
}

std::vector<std::string> conclusions(const report& all, const verdict& what) {
  std::vector<std::string> out{"Result:   " + result_of(what)};
  tell_network(all, what, out);
  tell_paths(all, what, out);
  for (std::size_t i = 0; i < all.unmeasured.size(); ++i)
    out.push_back((i == 0 ? "Missing:  " : "          ") + all.unmeasured[i]);
  if (what.download || what.upload) out.push_back("Options:  --bridges " + bridges_option(what) + reason_of(what));
  out.push_back("Data:     " + top::bytes(static_cast<double>(all.bytes)) + " were used");
  return out;
}

}  // namespace mtcp::client::line
