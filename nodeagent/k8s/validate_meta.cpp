// Rules for metadata: names, labels, annotations and Podstep's own among them.
#include "common/fabric_policy.h"
#include "common/text.h"
#include "nodeagent/k8s/defaults.h"
#include "nodeagent/k8s/names.h"
#include "nodeagent/k8s/validate.h"

namespace podstep::k8s {

namespace {

constexpr std::string_view own_prefix = "podstep.io/";
/// Sum of all annotations of an object; the API server's own limit.
constexpr size_t annotations_bytes = 256 << 10;

void check_own_annotation(const std::string& key, const std::string& value, const Path& path,
                          bool template_or_pod, Problems& problems) {
  bool port = key.starts_with(annotation_port_prefix), fabric = key == annotation_fabric;
  if (!port && !fabric && key != annotation_api_key_env) {
    problems.add(path, "is no annotation that a manifest may set",
                 cat("remove it; known are ", annotation_port_prefix, "NAME, ", annotation_api_key_env,
                     " and ", annotation_fabric),
                 true);
    return;
  }
  if (!template_or_pod) {
    problems.add(path, "takes effect on pods only", "move it to spec.template.metadata.annotations", true);
    return;
  }
  if (port && value != port_auto)
    problems.add(path, cat("must be ", port_auto),
                 "for a fixed port, give its containerPort and no annotation");
  if (fabric && !podstep::fabric::is_fabric_word(value))
    problems.add(path, "must be site, podstep or none");
  std::string mistake = port || fabric ? std::string() : env_name_mistake(value);
  if (!mistake.empty())
    problems.add(path, mistake);
}

} // namespace

void validate_labels(const Labels& labels, const Path& path, Problems& problems) {
  for (const auto& [key, value] : labels) {
    Path at(path, key);
    if (std::string mistake = qualified_name_mistake(key); !mistake.empty())
      problems.add(at, mistake, {}, true);
    else if (key.starts_with(own_prefix))
      problems.add(at, "is a label that Podstep sets itself", "remove it", true);
    if (std::string mistake = label_value_mistake(value); !mistake.empty())
      problems.add(at, mistake);
  }
}

void validate_annotations(const Labels& annotations, const Path& path, bool template_or_pod,
                          Problems& problems) {
  size_t bytes = 0;
  for (const auto& [key, value] : annotations) {
    Path at(path, key);
    bytes += key.size() + value.size();
    if (key.starts_with(own_prefix))
      check_own_annotation(key, value, at, template_or_pod, problems);
    else if (std::string mistake = qualified_name_mistake(key); !mistake.empty())
      problems.add(at, mistake, {}, true);
  }
  if (bytes > annotations_bytes)
    problems.add(path, cat("has ", bytes, " bytes; the limit is ", annotations_bytes));
}

void validate_metadata(const ObjectMeta& meta, const Path& path, Problems& problems) {
  Path name(path, "name"), ns(path, "namespace");
  if (meta.name.empty())
    problems.add(name, "is missing", "give the object a name");
  else if (std::string mistake = dns_subdomain_mistake(meta.name); !mistake.empty())
    problems.add(name, mistake);
  if (meta.ns != default_namespace)
    problems.add(ns, "must be default: a job has one namespace", "remove it");
  Path labels(path, "labels");
  validate_labels(meta.labels, labels, problems);
}

} // namespace podstep::k8s
