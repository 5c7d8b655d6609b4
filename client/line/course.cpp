#include "course.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "mtcp/net/path_list.hpp"
#include "mtcp/net/platform/interface_watch.hpp"
#include "verdict.hpp"

namespace mtcp::client::line {
namespace {

constexpr std::array counts{2U, 4U, 8U, 16U};
constexpr std::chrono::milliseconds later_connect_wait{15'000};

using direction = core::bridge_options::direction;

std::string numbered(unsigned bridges) { return std::to_string(bridges) + (bridges == 1 ? " bridge" : " bridges"); }

class course {
 public:
  course(asio::io_context& io, course_options options, interruption& stop, audience told)
      : io_(io), options_(std::move(options)), stop_(stop), told_(std::move(told)) {
    out_.all.seconds = options_.seconds;
    auto& all = options_.through.paths;
    std::erase_if(all, [](const path_options& one) { return one.metered || one.use.role == core::path_role::never; });
    all = present_paths(all, platform::interfaces().value_or(std::vector<interface_state>()));
    for (const std::string& name : names_of(all))
      out_.all.paths.push_back({.name = name, .role = path(out_.all.paths.size()).use.role});
  }

  task<course_result> run() {
    if (out_.all.paths.empty()) {
      out_.error = errc::tunnel_down;
      out_.detail =
          "there is no path to measure: those that are given have role=never or a quota, or no interface with a "
          "default route fits them";
    }
    co_await measure_single_bridges();
    choose_order();
    if (!out_.all.order.empty()) {
      out_.all.tried = out_.all.order.front();
      co_await try_counts();
      if (out_.all.paths.size() > 1) co_await measure_paths();
    }
    if (stop_.asked()) out_.error = asio::error::operation_aborted;
    co_return std::move(out_);
  }

 private:
  using paths = std::vector<std::size_t>;

  const path_options& path(std::size_t index) const { return options_.through.paths[index]; }

  /// A connection of it became slow or silent by itself.
  bool shows_a_fade(std::size_t index) const {
    const auto& single = out_.all.paths[index].single;
    return single && ((single->download && single->download->faded) || (single->upload && single->upload->faded));
  }

  /// Where no bridge needs to be replaced none is: a successor is no part of what is measured.
  tunnel_options options_for(const paths& which, unsigned bridges) const {
    tunnel_options out = options_.through;
    // Once the server was reached, what keeps others waiting is what was sent before.
    if (reached_) out.connect_wait = std::max(out.connect_wait, later_connect_wait);
    out.paths.clear();
    for (const std::size_t index : which) {
      path_options one = path(index);
      one.bridges = bridges;
      one.tune_bridges = false;
      one.use.role = core::path_role::active;
      const bool learns = one.rotate.when == rotation_options::mode::learnt;
      if (bridges == 1 || (learns && !shows_a_fade(index))) one.rotate = {.when = rotation_options::mode::off};
      out.paths.push_back(std::move(one));
    }
    return out;
  }

  /// Empty if it could not be measured; then why() says why.
  task<std::optional<figures>> measure_these(paths which, unsigned bridges, std::string label) {
    if (stop_.asked()) co_return std::nullopt;
    const auto carry_more_than = [&](direction only) {
      return std::ranges::any_of(which, [&](std::size_t i) { return path(i).use.carries != only; });
    };
    measuring how{options_.seconds, carry_more_than(direction::up), carry_more_than(direction::down), label};
    tunnel_options through = options_for(which, bridges);
    measured m = co_await measure(io_, std::move(through), std::move(how), stop_, told_.doing);
    m.got.bridges = bridges;
    out_.all.bytes += m.got.bytes;
    last_error_ = m.error;
    last_detail_ = m.detail.empty() ? m.error.message() : m.detail;
    if (m.error) co_return std::nullopt;
    for (const std::string& why : m.got.unmeasured) miss(label, why);
    reached_ = true;
    told_.done(label, m.got);
    co_return std::move(m.got);
  }

  void miss(const std::string& label, const std::string& why) {
    if (!stop_.asked()) out_.all.unmeasured.push_back(label + ": " + why);
  }

  std::string label(unsigned bridges, std::size_t index) const {
    const bool several = options_.through.paths.size() > 1;
    return numbered(bridges) + (several ? ", " + out_.all.paths[index].name : "");
  }

  task<std::optional<figures>> measure_path(std::size_t index, unsigned bridges) {
    paths this_one{index};
    std::string text = label(bridges, index);
    co_return co_await measure_these(std::move(this_one), bridges, std::move(text));
  }

  task<> measure_single_bridges() {
    bool any = false;
    for (std::size_t i = 0; i < out_.all.paths.size() && !stop_.asked(); ++i) {
      path_figures& one = out_.all.paths[i];
      one.single = co_await measure_path(i, 1);
      any = any || one.single.has_value();
      if (one.single) continue;
      one.error = last_detail_;
      if (!out_.error) out_.error = last_error_, out_.detail = last_detail_;
    }
    if (any) out_.error = {}, out_.detail.clear();
  }

  /// Active paths that work, the best one first.
  void choose_order() {
    auto& order = out_.all.order;
    order.clear();
    for (std::size_t i = 0; i < out_.all.paths.size(); ++i)
      if (out_.all.paths[i].single && out_.all.paths[i].role == core::path_role::active) order.push_back(i);
    const auto score = [&](std::size_t i) {
      const path_figures& p = out_.all.paths[i];
      return (p.alone ? p.alone : p.single)->score();
    };
    std::ranges::stable_sort(order, std::ranges::greater{}, score);
  }

  task<> try_counts() {
    auto& tried = out_.all.counts;
    tried.push_back(*out_.all.paths[out_.all.tried].single);
    for (const unsigned bridges : counts) {
      if (!worth_trying_more(tried)) break;
      auto got = co_await measure_path(out_.all.tried, bridges);
      if (!got) {
        miss(label(bridges, out_.all.tried), last_detail_);
        break;
      }
      tried.push_back(std::move(*got));
    }
  }

  task<> measure_paths() {
    const unsigned bridges = enough_bridges(out_.all.counts);
    for (std::size_t i = 0; i < out_.all.paths.size() && bridges > 1; ++i) {
      path_figures& one = out_.all.paths[i];
      const auto known = std::ranges::find(out_.all.counts, bridges, &figures::bridges);
      if (i == out_.all.tried)
        one.alone = *known;
      else if (one.single)
        one.alone = co_await measure_path(i, bridges);
      if (one.single && !one.alone) miss(label(bridges, i), last_detail_);
    }
    choose_order();
    for (std::size_t size = 2; size <= out_.all.order.size(); ++size) {
      paths some(out_.all.order.begin(), out_.all.order.begin() + static_cast<std::ptrdiff_t>(size));
      const std::string how_many = size == out_.all.order.size() ? "all" : "the best " + std::to_string(size);
      const std::string text = numbered(bridges) + " each, " + how_many + " paths";
      auto got = co_await measure_these(std::move(some), bridges, text);
      if (!got) {
        miss(text, last_detail_);
        break;
      }
      out_.all.together.push_back(std::move(*got));
    }
  }

  asio::io_context& io_;
  course_options options_;
  interruption& stop_;
  audience told_;
  course_result out_;
  error_code last_error_;
  std::string last_detail_;
  bool reached_ = false;
};

}  // namespace

task<course_result> run_course(asio::io_context& io, course_options options, interruption& stop, audience told) {
  const auto whole = std::make_unique<course>(io, std::move(options), stop, std::move(told));
  co_return co_await whole->run();
}

}  // namespace mtcp::client::line
