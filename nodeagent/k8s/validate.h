// The rules that a user's object must keep beyond the types of its fields: all violations at once, each with
// its path. Source: Kubernetes API reference, the field's own description; what is Podstep's own says so.
#pragma once
#include "nodeagent/k8s/problems.h"
#include "nodeagent/k8s/types.h"

namespace podstep::k8s {

/// A Pod or Deployment, defaults applied.
void validate(const Object& object, Problems& problems);

// The parts, one per file.
void validate_metadata(const ObjectMeta& meta, const Path& path, Problems& problems);
void validate_labels(const Labels& labels, const Path& path, Problems& problems);
/// `template_or_pod`: where Podstep's own annotations take effect.
void validate_annotations(const Labels& annotations, const Path& path, bool template_or_pod,
                          Problems& problems);
/// `annotations`: of the pod, with their path, for what they ask of its containers.
void validate_pod_spec(const PodSpec& spec, const Path& path, const Labels& annotations,
                       const Path& annotations_path, Problems& problems);
void validate_container(const Container& container, const PodSpec& pod, const Labels& annotations,
                        const Path& path, Problems& problems);
void validate_resources(const ResourceRequirements& resources, const Path& path, Problems& problems);
/// `name`: livenessProbe, readinessProbe or startupProbe.
void validate_probe(const Probe& probe, const Container& container, const char* name, const Path& path,
                    Problems& problems);

} // namespace podstep::k8s
