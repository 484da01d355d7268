// conformance: drives any NCCL network plugin through the cases of the contract, without a GPU; a JSON line
// for each case, status 1 when one failed.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/net.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/resource.h>

namespace {

using namespace harness;

constexpr const char* usage = R"(usage: conformance [OPTION...] PLUGIN [CASE...]
  PLUGIN            a library that exports ncclNetPlugin_v6 to v12, named as to NCCL: its path, or NAME of libnccl-net-NAME.so
  CASE              only cases whose number begins so: F-CT-8, F-CT-18/idle
  --abi vN          this version instead of the newest
  --quick, --full   smaller or larger numbers
  --self            everything of a rank on one thread
  --deadline S      seconds within which a dead peer must be reported (35)
  --limit S         seconds that a case may take (120)
  --no-device NAME=VALUE     how to take the plugin's devices away, for F-CT-3
  --same-address NAME=VALUE  how to make it listen on one fixed address, for F-CT-20
  --job NAME        the variable that says which job a process is of, for F-CT-21/job
  --verbose         the plugin's log on standard error
  --list            the cases that would run, instead of running them
Each case runs in processes of its own. A line is {"case", "result": pass|fail|skip, "seconds", "promise", "reason", "notes"}.
)";

std::string quoted(const std::string& from) {
  std::string out = "\"";
  for (char c : from) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
    else
      out += ' ';
  }
  return out + "\"";
}

void print(const Case& c, const Report& report) {
  static const char* const names[] = {"pass", "fail", "skip"};
  printf("{\"case\": \"%s\", \"result\": \"%s\", \"seconds\": %.2f, \"promise\": %s", c.id,
         names[int(report.outcome)], report.seconds, quoted(c.promise).c_str());
  if (!report.reason.empty())
    printf(", \"reason\": %s", quoted(report.reason).c_str());
  if (!report.notes.empty()) {
    printf(", \"notes\": [");
    for (size_t i = 0; i < report.notes.size(); i++)
      printf("%s%s", i ? ", " : "", quoted(report.notes[i]).c_str());
    printf("]");
  }
  printf("}\n");
  fflush(stdout);
}

struct Asked {
  Options options;
  std::vector<std::string> wanted;
  bool list = false;
};

[[noreturn]] void refuse(const std::string& why) {
  fprintf(stderr, "conformance: %s\n%s", why.c_str(), usage);
  exit(2);
}

Asked parse(int argc, char** argv) {
  Asked asked;
  Options& o = asked.options;
  for (int i = 1; i < argc; i++) {
    std::string argument = argv[i];
    auto value = [&] {
      return i + 1 < argc ? std::string(argv[++i]) : (refuse(argument + " needs a value"), std::string());
    };
    if (argument == "--abi")
      o.abi = atoi(value().c_str() + (argv[i][0] == 'v'));
    else if (argument == "--quick")
      o.scale = Scale::quick;
    else if (argument == "--full")
      o.scale = Scale::full;
    else if (argument == "--self")
      o.one_thread = true;
    else if (argument == "--job")
      o.job = value();
    else if (argument == "--verbose")
      o.verbose = true;
    else if (argument == "--deadline")
      o.deadline = atoi(value().c_str());
    else if (argument == "--limit")
      o.limit = atoi(value().c_str());
    else if (argument == "--no-device")
      o.no_device = value();
    else if (argument == "--same-address")
      o.same_address = value();
    else if (argument == "--list")
      asked.list = true;
    else if (argument == "--help") {
      fputs(usage, stdout);
      exit(0);
    } else if (argument.starts_with("-"))
      refuse("unknown option " + argument);
    else if (o.plugin.empty())
      o.plugin = argument;
    else
      asked.wanted.push_back(argument);
  }
  if (o.plugin.empty() && !asked.list)
    refuse("name a plugin");
  return asked;
}

bool is_wanted(const Asked& asked, const Case& c) {
  if (asked.wanted.empty())
    return true;
  for (const std::string& prefix : asked.wanted)
    if (c.id == prefix || std::string(c.id).starts_with(prefix + "/"))
      return true;
  return false;
}

} // namespace

int main(int argc, char** argv) {
  Asked asked = parse(argc, argv);
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max; // F-CT-7 takes a socket for each comm
    setrlimit(RLIMIT_NOFILE, &files);
  }
  int ran = 0, bad = 0;
  for (const Case& c : cases::all()) {
    if (!is_wanted(asked, c))
      continue;
    ran++;
    if (asked.list) {
      printf("%s\t%s\n", c.id, c.promise);
      continue;
    }
    Report report = run_case(c, asked.options);
    print(c, report);
    bad += report.outcome == Outcome::failed;
  }
  if (ran == 0)
    refuse("no case has such a number; --list shows them");
  return bad > 0;
}
