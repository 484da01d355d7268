// The names of the fields of Node, Lease and Event (Kubernetes API: v1, coordination.k8s.io/v1), once for
// reading and writing.
#pragma once
#include "nodeagent/k8s/fields_meta.h"

namespace podstep::k8s {

template<class V> void fields(V& v, Is<Taint> auto& t) {
  v.always("key", t.key);
  v.field("value", t.value);
  v.always("effect", t.effect);
  v.field("timeAdded", t.time_added);
}

template<class V> void fields(V& v, Is<NodeAddress> auto& a) {
  v.always("type", a.type);
  v.always("address", a.address);
}

template<class V> void fields(V& v, Is<NodeSystemInfo> auto& i) {
  v.always("machineID", i.machine_id);
  v.always("systemUUID", i.system_uuid);
  v.always("bootID", i.boot_id);
  v.always("kernelVersion", i.kernel_version);
  v.always("osImage", i.os_image);
  v.always("containerRuntimeVersion", i.container_runtime_version);
  v.always("kubeletVersion", i.kubelet_version);
  v.always("kubeProxyVersion", i.kube_proxy_version);
  v.always("operatingSystem", i.operating_system);
  v.always("architecture", i.architecture);
}

template<class V> void fields(V& v, Is<NodeSpec> auto& s) {
  v.field("unschedulable", s.unschedulable);
  v.field("taints", s.taints);
}

template<class V> void fields(V& v, Is<NodeStatus> auto& s) {
  v.field("capacity", s.capacity);
  v.field("allocatable", s.allocatable);
  v.field("conditions", s.conditions);
  v.field("addresses", s.addresses);
  v.group("daemonEndpoints", true, [&](auto& daemons) {
    daemons.group("kubeletEndpoint", true, [&](auto& kubelet) { kubelet.always("Port", s.kubelet_port); });
  });
  v.field("nodeInfo", s.node_info);
}

template<class V> void fields(V& v, Is<Node> auto& n) {
  v.fixed("apiVersion", "v1");
  v.fixed("kind", "Node");
  v.always("metadata", n.metadata);
  v.always("spec", n.spec);
  v.server("status", n.status);
}

template<class V> void fields(V& v, Is<LeaseSpec> auto& s) {
  v.field("holderIdentity", s.holder_identity);
  v.always("leaseDurationSeconds", s.lease_duration_seconds);
  v.field("acquireTime", s.acquire_time);
  v.field("renewTime", s.renew_time);
}

template<class V> void fields(V& v, Is<Lease> auto& l) {
  v.fixed("apiVersion", "coordination.k8s.io/v1");
  v.fixed("kind", "Lease");
  v.always("metadata", l.metadata);
  v.always("spec", l.spec);
}

template<class V> void fields(V& v, Is<ObjectReference> auto& r) {
  v.field("kind", r.kind);
  v.field("namespace", r.ns);
  v.field("name", r.name);
  v.field("uid", r.uid);
  v.field("apiVersion", r.api_version);
  v.field("resourceVersion", r.resource_version);
  v.field("fieldPath", r.field_path);
}

template<class V> void fields(V& v, Is<Event> auto& e) {
  v.fixed("apiVersion", "v1");
  v.fixed("kind", "Event");
  v.always("metadata", e.metadata);
  v.always("involvedObject", e.involved_object);
  v.field("reason", e.reason);
  v.field("message", e.message);
  v.group("source", true, [&](auto& source) {
    source.field("component", e.source_component);
    source.field("host", e.source_host);
  });
  v.field("firstTimestamp", e.first_timestamp);
  v.field("lastTimestamp", e.last_timestamp);
  v.always("count", e.count);
  v.always("type", e.type);
}

} // namespace podstep::k8s
