// Rules for whole objects, and for what a Deployment adds to a pod: see validate.h.
#include "nodeagent/k8s/validate.h"
#include "common/limits.h"
#include "common/text.h"

namespace podstep::k8s {

namespace {

/// A number of pods or a percentage. Nothing where it is neither; sets `zero` for 0 and 0%.
std::string amount_mistake(const IntOrString& amount, bool& zero) {
  zero = amount.name.empty() ? amount.number == 0 : amount.name == "0%";
  if (amount.name.empty())
    return amount.number >= 0 ? "" : "must not be negative";
  std::string_view text = amount.name;
  if (text.ends_with('%') && parse_int(text.substr(0, text.size() - 1), 0, 100))
    return {};
  return "must be a number of pods or a percentage from 0% to 100%";
}

void check_strategy(const DeploymentStrategy& strategy, const Path& spec, Problems& problems) {
  Path path(spec, "strategy"), type(path, "type"), rolling(path, "rollingUpdate"),
      unavailable(rolling, "maxUnavailable"), surge(rolling, "maxSurge");
  if (strategy.type != "RollingUpdate" && strategy.type != "Recreate")
    problems.add(type, "must be RollingUpdate or Recreate");
  bool none_down = false, none_more = false;
  if (std::string mistake = amount_mistake(strategy.max_unavailable, none_down); !mistake.empty())
    problems.add(unavailable, mistake);
  if (std::string mistake = amount_mistake(strategy.max_surge, none_more); !mistake.empty())
    problems.add(surge, mistake);
  if (strategy.type == "RollingUpdate" && none_down && none_more)
    problems.add(unavailable, "must not be 0 while maxSurge is 0: no pod could ever be replaced");
}

void check_selector(const DeploymentSpec& spec, const Path& path, Problems& problems) {
  Path selector(path, "selector"), match(selector, "matchLabels"), pod_template(path, "template"),
      meta(pod_template, "metadata"), labels(meta, "labels");
  if (spec.selector.match_labels.empty())
    problems.add(match, "is missing", "repeat the labels of spec.template.metadata.labels");
  validate_labels(spec.selector.match_labels, match, problems);
  for (const auto& [key, value] : spec.selector.match_labels) {
    auto found = spec.pod_template.metadata.labels.find(key);
    Path at(match, key);
    if (found == spec.pod_template.metadata.labels.end() || found->second != value)
      problems.add(
          at,
          cat("is not among the labels of spec.template.metadata: the Deployment would not find its pods"),
          cat("add ", printable(key, 80), ": ", printable(value, 63), " there"));
  }
  validate_labels(spec.pod_template.metadata.labels, labels, problems);
}

void check_template(const DeploymentSpec& spec, const Path& path, Problems& problems) {
  Path pod_template(path, "template"), meta(pod_template, "metadata"), annotations(meta, "annotations"),
      pod(pod_template, "spec"), restart(pod, "restartPolicy"), deadline(pod, "activeDeadlineSeconds");
  const PodTemplate& t = spec.pod_template;
  validate_annotations(t.metadata.annotations, annotations, true, problems);
  validate_pod_spec(t.spec, pod, t.metadata.annotations, annotations, problems);
  if (t.spec.restart_policy != "Always")
    problems.add(restart, "must be Always in a Deployment",
                 "remove it, or write a Pod instead of a Deployment");
  if (t.spec.active_deadline_seconds)
    problems.add(deadline, "has no place in a Deployment", "remove it", true);
}

void check_numbers(const DeploymentSpec& spec, const Path& path, Problems& problems) {
  Path replicas(path, "replicas"), ready(path, "minReadySeconds"), history(path, "revisionHistoryLimit"),
      progress(path, "progressDeadlineSeconds");
  if (spec.replicas < 0 || spec.replicas > limits::replicas)
    problems.add(replicas, cat("must lie between 0 and ", limits::replicas));
  if (spec.min_ready_seconds < 0)
    problems.add(ready, "must not be negative");
  if (spec.revision_history_limit < 0)
    problems.add(history, "must not be negative");
  if (spec.progress_deadline_seconds <= spec.min_ready_seconds)
    problems.add(progress, "must be above minReadySeconds");
}

} // namespace

void validate(const Object& object, Problems& problems) {
  Path document, metadata(document, "metadata"), annotations(metadata, "annotations"), spec(document, "spec");
  const ObjectMeta& meta = meta_of(object);
  validate_metadata(meta, metadata, problems);
  validate_annotations(meta.annotations, annotations, std::holds_alternative<Pod>(object), problems);
  if (const auto* pod = std::get_if<Pod>(&object))
    validate_pod_spec(pod->spec, spec, meta.annotations, annotations, problems);
  if (const auto* deployment = std::get_if<Deployment>(&object)) {
    check_numbers(deployment->spec, spec, problems);
    check_selector(deployment->spec, spec, problems);
    check_strategy(deployment->spec.strategy, spec, problems);
    check_template(deployment->spec, spec, problems);
  }
}

} // namespace podstep::k8s
