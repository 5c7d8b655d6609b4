#include "integration/status.hpp"

namespace mtcp::lab {

plan with_status(plan p) {
  for (auto* options : {&p.client_options, &p.server_options})
    options->insert(options->end(), {"--status", "127.0.0.1:0"});
  return p;
}

std::string status_of(process& program) { return "127.0.0.1:" + program.expect("listening status .*:(\\d+)").at(1); }

std::string fetch(process& program, const std::string& path) {
  return run({"curl", "-sS", "http://" + status_of(program) + path}).standard_output;
}

nlohmann::json stats(process& program) { return nlohmann::json::parse(fetch(program, "/api/stats")); }

}  // namespace mtcp::lab
