// The names of the fields of a Pod (Kubernetes API: Pod, PodSpec, PodStatus), once for reading, writing and
// documentation.
#pragma once
#include "nodeagent/k8s/fields_container.h"

namespace podstep::k8s {

template<class V> void fields(V& v, Is<EmptyDirVolume> auto& e) {
  v.field("medium", e.medium);
  v.field("sizeLimit", e.size_limit);
}

template<class V> void fields(V& v, Is<HostPathVolume> auto& h) {
  v.always("path", h.path);
  v.field("type", h.type);
}

template<class V> void fields(V& v, Is<Volume> auto& o) {
  v.always("name", o.name);
  v.template choice<EmptyDirVolume>("emptyDir", o.source);
  v.template choice<HostPathVolume>("hostPath", o.source);
  v.one_of({"emptyDir", "hostPath"}, false); // a name alone is an emptyDir, as the API server defaults it
}

template<class V> void fields(V& v, Is<Toleration> auto& t) {
  v.field("key", t.key);
  v.always("operator", t.op);
  v.field("value", t.value);
  v.field("effect", t.effect);
  v.field("tolerationSeconds", t.toleration_seconds);
}

template<class V> void fields(V& v, Is<PodSpec> auto& s) {
  v.field("volumes", s.volumes);
  v.always("containers", s.containers);
  v.always("restartPolicy", s.restart_policy);
  v.always("terminationGracePeriodSeconds", s.termination_grace_period_seconds);
  v.field("activeDeadlineSeconds", s.active_deadline_seconds);
  v.field("nodeSelector", s.node_selector);
  v.server("nodeName", s.node_name);
  v.always("hostNetwork", s.host_network);
  v.field("shareProcessNamespace", s.share_process_namespace);
  v.always("securityContext", s.security_context);
  v.field("tolerations", s.tolerations);
}

template<class V> void fields(V& v, Is<ContainerStateWaiting> auto& s) {
  v.field("reason", s.reason);
  v.field("message", s.message);
}

template<class V> void fields(V& v, Is<ContainerStateRunning> auto& s) {
  v.field("startedAt", s.started_at);
}

template<class V> void fields(V& v, Is<ContainerStateTerminated> auto& s) {
  v.always("exitCode", s.exit_code);
  v.field("reason", s.reason);
  v.field("message", s.message);
  v.field("startedAt", s.started_at);
  v.field("finishedAt", s.finished_at);
  v.field("containerID", s.container_id);
}

template<class V> void fields(V& v, Is<ContainerState> auto& s) {
  v.template choice<ContainerStateWaiting>("waiting", s);
  v.template choice<ContainerStateRunning>("running", s);
  v.template choice<ContainerStateTerminated>("terminated", s);
  v.one_of({"waiting", "running", "terminated"}, false);
}

template<class V> void fields(V& v, Is<ContainerStatus> auto& s) {
  v.always("name", s.name);
  v.always("state", s.state);
  v.always("lastState", s.last_state);
  v.always("ready", s.ready);
  v.always("restartCount", s.restart_count);
  v.always("image", s.image);
  v.always("imageID", s.image_id);
  v.field("containerID", s.container_id);
  v.field("started", s.started);
}

template<class V> void fields(V& v, Is<PodStatus> auto& s) {
  v.field("phase", s.phase);
  v.field("conditions", s.conditions);
  v.field("message", s.message);
  v.field("reason", s.reason);
  v.field("hostIP", s.host_ip);
  v.ips("hostIPs", s.host_ip);
  v.field("podIP", s.pod_ip);
  v.ips("podIPs", s.pod_ip);
  v.field("startTime", s.start_time);
  v.field("containerStatuses", s.container_statuses);
  v.field("qosClass", s.qos_class);
}

template<class V> void fields(V& v, Is<Pod> auto& p) {
  v.fixed("apiVersion", "v1");
  v.fixed("kind", "Pod");
  v.always("metadata", p.metadata);
  v.always("spec", p.spec);
  v.server("status", p.status);
}

} // namespace podstep::k8s
