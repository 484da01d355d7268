// podstep endpoint and podstep key: where a service is reached, and with what; both from the record.
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace podstep::cli {
namespace {

constexpr size_t key_bytes = 4096;

Result<std::string> record_of(const std::string& given) {
  PODSTEP_TRY(uint32_t job, resolve_job(given));
  return record::find(job);
}

Error not_yet(const std::string& what) {
  return Error(Kind::not_found, cat("the service has no ", what, " yet"), "podstep wait --for=ready");
}

} // namespace

int endpoint_main(int argc, char** argv) {
  std::string given, output = "text";
  bool urls = false;
  CLI::App app("Where a service is reached.", "podstep endpoint");
  app.add_option("JOBID", given, "the job (default: the one you are in, or your only one)");
  app.add_flag("--url", urls, "only the URLs of the endpoints that are ready, one per line");
  app.add_option("-o,--output", output, "text or json (endpoints.json, with the key)")
      ->check(CLI::IsMember({"text", "json"}));
  app.footer("Example:\n  curl -H \"Authorization: Bearer $(podstep key)\" \"$(podstep endpoint --url | head "
             "-1)/v1/models\"");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto record = record_of(given);
  if (!record)
    return fail(record.error());
  if (output == "json") {
    auto text = read_file(cat(*record, "/", record::endpoints_file), limits::http_body_bytes);
    if (!text)
      return fail(not_yet("endpoint"));
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  auto endpoints = read_endpoints(*record);
  if (!endpoints)
    return fail(endpoints.error().kind == Kind::not_found ? not_yet("endpoint") : endpoints.error());
  if (endpoints->state == "withdrawn")
    return fail(Error(Kind::not_found, "the service's endpoints are withdrawn: its job ends or has ended",
                      "podstep status"));
  bool any = false;
  for (const EndpointRow& row : endpoints->rows) {
    any = any || row.ready || !urls;
    if (urls && row.ready)
      std::printf("%s\n", printable(row.url, 1000).c_str());
  }
  if (!any)
    return fail(not_yet("endpoint"));
  if (!urls)
    std::fputs(endpoint_table(*endpoints).c_str(), stdout);
  return 0;
}

int key_main(int argc, char** argv) {
  std::string given;
  CLI::App app("The key that the service asks for, as one line on stdout.", "podstep key");
  app.add_option("JOBID", given, "the job (default: the one you are in, or your only one)");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto record = record_of(given);
  if (!record)
    return fail(record.error());
  auto key = read_file(cat(*record, "/", record::key_file), key_bytes);
  if (!key)
    return fail(key.error().kind == Kind::not_found ? not_yet("key") : key.error());
  std::printf("%s\n", std::string(trim(*key)).c_str());
  return 0;
}

} // namespace podstep::cli
