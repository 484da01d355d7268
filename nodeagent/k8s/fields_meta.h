// The names of the fields of ObjectMeta and of what all kinds share, once for reading, writing and
// documentation. A visitor has: field (left out where empty), always, server (not in a manifest), fixed, ips,
// group, choice, one_of.
#pragma once
#include "nodeagent/k8s/types.h"
#include <concepts>

namespace podstep::k8s {

/// A T, const where the visitor writes and not const where it reads.
template<class X, class T>
concept Is = std::same_as<std::remove_const_t<X>, T>;

template<class V> void fields(V& v, Is<OwnerReference> auto& o) {
  v.always("apiVersion", o.api_version);
  v.always("kind", o.kind);
  v.always("name", o.name);
  v.always("uid", o.uid);
  v.field("controller", o.controller);
  v.field("blockOwnerDeletion", o.block_owner_deletion);
}

template<class V> void fields(V& v, Is<ObjectMeta> auto& m) {
  v.field("name", m.name);
  v.server("generateName", m.generate_name);
  v.field("namespace", m.ns);
  v.server("uid", m.uid);
  v.server("resourceVersion", m.resource_version);
  v.server("generation", m.generation);
  v.server("creationTimestamp", m.creation_timestamp);
  v.server("deletionTimestamp", m.deletion_timestamp);
  v.server("deletionGracePeriodSeconds", m.deletion_grace_period_seconds);
  v.field("labels", m.labels);
  v.field("annotations", m.annotations);
  v.server("ownerReferences", m.owner_references);
}

template<class V> void fields(V& v, Is<LabelSelector> auto& s) {
  v.field("matchLabels", s.match_labels);
}

template<class V> void fields(V& v, Is<Condition> auto& c) {
  v.always("type", c.type);
  v.always("status", c.status);
  v.field("lastProbeTime", c.last_probe_time);
  v.field("lastHeartbeatTime", c.last_heartbeat_time);
  v.field("lastUpdateTime", c.last_update_time);
  v.field("lastTransitionTime", c.last_transition_time);
  v.field("reason", c.reason);
  v.field("message", c.message);
}

} // namespace podstep::k8s
