#include <cmath>

#include "text.hpp"

namespace mtcp::client::line {
namespace {

using status::json;

double ms(double seconds) { return seconds * 1000; }
double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
std::uint64_t rounded(double rate) { return static_cast<std::uint64_t>(std::llround(std::max(rate, 0.0))); }

void write(json& out, const fade& f) {
  out.begin_object().member("before_rate", rounded(f.before)).member("after_rate", rounded(f.after));
  out.member("bytes", rounded(f.bytes)).member("seconds", f.seconds).end_object();
}

void write(json& out, const flow& f) {
  out.begin_object().member("rate", rounded(f.rate)).member("spread", f.spread);
  if (f.loaded) out.member("rtt_ms", ms(*f.loaded));
  if (f.faded) write(out.key("fade"), *f.faded);
  out.end_object();
}

void write(json& out, const figures& f) {
  out.begin_object().member("bridges", f.bridges).member("bridges_wanted", f.wanted).member("bridges_up", f.up);
  if (!f.missing.empty()) out.member("last_error", f.missing);
  if (f.round_trip) out.member("rtt_ms", ms(*f.round_trip));
  if (f.download) write(out.key("down"), *f.download);
  if (f.upload) write(out.key("up"), *f.upload);
  out.end_object();
}

void write(json& out, const char* name, const std::vector<figures>& all) {
  out.key(name).begin_array();
  for (const figures& f : all) write(out, f);
  out.end_array();
}

void write(json& out, const path_figures& p, bool worth) {
  out.begin_object().member("name", p.name).member("role", name_of(p.role));
  if (!p.error.empty()) out.member("error", p.error);
  if (p.single) write(out.key("single"), *p.single);
  if (p.alone) write(out.key("alone"), *p.alone);
  out.member("worth", worth).end_object();
}

void write(json& out, const char* name, const std::optional<direction>& d) {
  if (!d) return;
  out.key(name).begin_object().member("network", name_of(d->seems)).member("gain", d->gain());
  out.member("single_rate", rounded(d->single)).member("best_rate", rounded(d->best));
  out.member("rate", rounded(d->reached));
  out.member("bridges", d->enough).member("rising", d->rising).end_object();
}

void write_found(json& out, const verdict& what) {
  const path_findings& found = what.found;
  out.key("found").begin_object();
  if (what.cap) out.member("connections_at_a_time", *what.cap);
  if (what.faded) write(out.key("fade"), *what.faded);
  out.member("fades_after_bytes", found.fades_after_bytes).member("lives_s", seconds(found.lives));
  out.member("freezes_after_bytes_up", found.freezes_after_bytes_up);
  out.member("freezes_after_bytes_down", found.freezes_after_bytes_down);
  out.member("only_small_packets", found.only_small_packets);
  out.member("dial_pause_s", seconds(found.dial_pause)).end_object();
}

}  // namespace

void write_members(json& out, const report& all, const verdict& what) {
  out.member("seconds", all.seconds).member("bytes", all.bytes);
  out.key("paths").begin_array();
  for (std::size_t i = 0; i < all.paths.size(); ++i) write(out, all.paths[i], what.worth[i]);
  out.end_array().member("tried_path", all.tried);
  write(out, "counts", all.counts);
  out.key("order").begin_array();
  for (const std::size_t index : all.order) out.value(index);
  out.end_array();
  write(out, "together", all.together);
  out.key("not_measured").begin_array();
  for (const std::string& one : all.unmeasured) out.value(one);
  out.end_array();
  out.member("helps", what.helps());
  write(out, "down", what.download);
  write(out, "up", what.upload);
  write_found(out, what);
  out.member("bridges", bridges_option(what));
}

}  // namespace mtcp::client::line
