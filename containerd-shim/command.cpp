// Parsing of a runtime's command line: see command.h.
#include "containerd-shim/command.h"
#include "common/text.h"
#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

namespace podstep::shim {

namespace {

/// Options that take a value in the next argument; all others are switches or carry it after `=`.
constexpr std::array with_value = {"--root",
                                   "--log",
                                   "--log-format",
                                   "--criu",
                                   "--rootless",
                                   "--cgroup-manager",
                                   "--bundle",
                                   "-b",
                                   "--pid-file",
                                   "--process",
                                   "-p",
                                   "--console-socket",
                                   "--preserve-fds",
                                   "--cwd",
                                   "--user",
                                   "-u",
                                   "--env",
                                   "-e",
                                   "--cap",
                                   "-c",
                                   "--apparmor",
                                   "--resources",
                                   "-r",
                                   "--image-path",
                                   "--work-path",
                                   "--format",
                                   "-f"};

struct Option {
  std::string name, value;
  size_t used = 1;
};

Result<Option> read_option(const std::vector<std::string>& arguments, size_t at, bool force_is_f) {
  const std::string& text = arguments[at];
  if (size_t equals = text.find('='); equals != std::string::npos)
    return Option{text.substr(0, equals), text.substr(equals + 1), 1};
  bool takes = std::find(with_value.begin(), with_value.end(), text) != with_value.end();
  if (!takes || (force_is_f && text == "-f"))
    return Option{text, "", 1};
  if (at + 1 >= arguments.size())
    return Error(Kind::invalid, cat(text, ": a value is missing"));
  return Option{text, arguments[at + 1], 2};
}

void take(Command& command, const Option& option) {
  if (option.name == "--root")
    command.root = option.value;
  else if (option.name == "--log")
    command.log = option.value;
  else if (option.name == "--bundle" || option.name == "-b")
    command.bundle = option.value;
  else if (option.name == "--pid-file")
    command.pid_file = option.value;
  else if (option.name == "--process" || option.name == "-p")
    command.process = option.value;
  else if (option.name == "--force" || (option.name == "-f" && command.action == "delete"))
    command.force = true;
  else if (option.name == "--all" || option.name == "-a")
    command.all = true;
}

} // namespace

Result<Command> parse_command(const std::vector<std::string>& arguments) {
  Command command;
  size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    PODSTEP_TRY(Option option, read_option(arguments, at, false));
    take(command, option);
    command.global.insert(command.global.end(), arguments.begin() + long(at),
                          arguments.begin() + long(at + option.used));
    at += option.used;
  }
  if (at == arguments.size())
    return command;
  command.action = arguments[at++];
  command.rest.assign(arguments.begin() + long(at), arguments.end());
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    PODSTEP_TRY(Option option, read_option(arguments, at, command.action == "delete"));
    take(command, option);
    at += option.used;
  }
  if (at < arguments.size())
    command.id = arguments[at++];
  command.signal = at < arguments.size() ? arguments[at] : "TERM";
  return command;
}

Result<int> signal_number(const std::string& text) {
  if (auto number = parse_int(text, 1, SIGRTMAX); number)
    return int(*number);
  std::string_view name = text;
  if (name.starts_with("SIG"))
    name.remove_prefix(3);
  for (int number = 1; number < NSIG; ++number)
    if (const char* known = ::sigabbrev_np(number); known && name == known)
      return number;
  return Error(Kind::invalid, cat("signal '", printable(text), "' is unknown"));
}

} // namespace podstep::shim
