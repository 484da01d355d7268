// Rules for probes: ranges, ports that exist, a complete action.
#include "common/text.h"
#include "nodeagent/k8s/validate.h"
#include <algorithm>

namespace podstep::k8s {

namespace {

void check_least(int64_t value, int64_t least, std::string_view name, const Path& path, Problems& problems) {
  Path at(path, name);
  if (value < least)
    problems.add(at, cat("must be at least ", least, ", not ", value));
}

void check_port(const IntOrString& port, const Container& container, const Path& action, Problems& problems) {
  Path at(action, "port");
  if (port.name.empty()) {
    if (port.number < 1 || port.number > 65535)
      problems.add(at, "must be a number from 1 to 65535 or the name of a port");
    return;
  }
  bool known = std::any_of(container.ports.begin(), container.ports.end(),
                           [&](const ContainerPort& p) { return p.name == port.name; });
  if (!known)
    problems.add(
        at, cat("'", printable(port.name, 40), "' is no port of container ", printable(container.name, 63)),
        "name it under ports, or write the number without quotes");
}

void check_http(const HttpGetAction& action, const Container& container, const Path& path,
                Problems& problems) {
  Path at(path, "httpGet"), scheme(at, "scheme"), request(at, "path"), headers(at, "httpHeaders");
  check_port(action.port, container, at, problems);
  if (action.scheme != "HTTP" && action.scheme != "HTTPS")
    problems.add(scheme, "must be HTTP or HTTPS");
  // A line break in the path or a header would begin a header or a request of its own.
  auto breaks = [](const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  };
  if (breaks(action.path))
    problems.add(request, "contains a control character");
  for (size_t i = 0; i < action.headers.size(); ++i) {
    Path header(headers, i), name(header, "name"), value(header, "value");
    const std::string& text = action.headers[i].name;
    bool token = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (!token)
      problems.add(name, "must be letters, digits, '-' and '_'");
    if (breaks(action.headers[i].value))
      problems.add(value, "contains a control character");
  }
}

} // namespace

void validate_probe(const Probe& probe, const Container& container, const char* name, const Path& path,
                    Problems& problems) {
  check_least(probe.initial_delay_seconds, 0, "initialDelaySeconds", path, problems);
  check_least(probe.timeout_seconds, 1, "timeoutSeconds", path, problems);
  check_least(probe.period_seconds, 1, "periodSeconds", path, problems);
  check_least(probe.success_threshold, 1, "successThreshold", path, problems);
  check_least(probe.failure_threshold, 1, "failureThreshold", path, problems);
  bool readiness = std::string_view(name) == "readinessProbe";
  Path success(path, "successThreshold"), grace(path, "terminationGracePeriodSeconds");
  if (!readiness && probe.success_threshold > 1)
    problems.add(success, cat("must be 1 for a ", name));
  if (probe.termination_grace_period_seconds) {
    if (readiness)
      problems.add(grace, "must not be set for a readinessProbe", "remove it", true);
    else
      check_least(*probe.termination_grace_period_seconds, 1, "terminationGracePeriodSeconds", path,
                  problems);
  }
  if (const auto* http = std::get_if<HttpGetAction>(&probe.action))
    check_http(*http, container, path, problems);
  if (const auto* tcp = std::get_if<TcpSocketAction>(&probe.action)) {
    Path at(path, "tcpSocket");
    check_port(tcp->port, container, at, problems);
  }
  if (const auto* exec = std::get_if<ExecAction>(&probe.action); exec && exec->command.empty()) {
    Path at(path, "exec"), command(at, "command");
    problems.add(command, "is missing");
  }
}

} // namespace podstep::k8s
