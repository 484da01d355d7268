// The names of the fields of a container and its parts (Kubernetes API: Container), once for reading, writing
// and documentation.
#pragma once
#include "nodeagent/k8s/fields_meta.h"

namespace podstep::k8s {

template<class V> void fields(V& v, Is<ContainerPort> auto& p) {
  v.field("name", p.name);
  v.field("hostPort", p.host_port);
  v.always("containerPort", p.container_port);
  v.always("protocol", p.protocol);
}

template<class V> void fields(V& v, Is<EnvVar> auto& e) {
  v.always("name", e.name);
  v.field("value", e.value);
  v.group("valueFrom", !e.field_path.empty() || !e.resource.empty(), [&](auto& from) {
    from.group("fieldRef", !e.field_path.empty(), [&](auto& ref) {
      ref.fixed("apiVersion", "v1");
      ref.always("fieldPath", e.field_path);
    });
    from.group("resourceFieldRef", !e.resource.empty(), [&](auto& ref) {
      ref.field("containerName", e.resource_container);
      ref.always("resource", e.resource);
      ref.always("divisor", e.resource_divisor);
    });
    from.one_of({"fieldRef", "resourceFieldRef"}, true);
  });
}

template<class V> void fields(V& v, Is<ResourceRequirements> auto& r) {
  v.field("limits", r.limits);
  v.field("requests", r.requests);
}

template<class V> void fields(V& v, Is<VolumeMount> auto& m) {
  v.always("name", m.name);
  v.always("mountPath", m.mount_path);
  v.field("readOnly", m.read_only);
}

template<class V> void fields(V& v, Is<HttpHeader> auto& h) {
  v.always("name", h.name);
  v.always("value", h.value);
}

template<class V> void fields(V& v, Is<ExecAction> auto& a) {
  v.field("command", a.command);
}

template<class V> void fields(V& v, Is<HttpGetAction> auto& a) {
  v.always("path", a.path);
  v.always("port", a.port);
  v.field("host", a.host);
  v.always("scheme", a.scheme);
  v.field("httpHeaders", a.headers);
}

template<class V> void fields(V& v, Is<TcpSocketAction> auto& a) {
  v.always("port", a.port);
  v.field("host", a.host);
}

template<class V> void fields(V& v, Is<Probe> auto& p) {
  v.template choice<ExecAction>("exec", p.action);
  v.template choice<HttpGetAction>("httpGet", p.action);
  v.template choice<TcpSocketAction>("tcpSocket", p.action);
  v.field("initialDelaySeconds", p.initial_delay_seconds);
  v.always("timeoutSeconds", p.timeout_seconds);
  v.always("periodSeconds", p.period_seconds);
  v.always("successThreshold", p.success_threshold);
  v.always("failureThreshold", p.failure_threshold);
  v.field("terminationGracePeriodSeconds", p.termination_grace_period_seconds);
  v.one_of({"exec", "httpGet", "tcpSocket"}, true);
}

template<class V> void fields(V& v, Is<SecurityContext> auto& s) {
  v.field("runAsUser", s.run_as_user);
  v.field("runAsGroup", s.run_as_group);
  v.field("runAsNonRoot", s.run_as_non_root);
  v.field("readOnlyRootFilesystem", s.read_only_root_filesystem);
}

template<class V> void fields(V& v, Is<Container> auto& c) {
  v.always("name", c.name);
  v.field("image", c.image);
  v.field("command", c.command);
  v.field("args", c.args);
  v.field("workingDir", c.working_dir);
  v.field("ports", c.ports);
  v.field("env", c.env);
  v.always("resources", c.resources);
  v.field("volumeMounts", c.volume_mounts);
  v.field("livenessProbe", c.liveness_probe);
  v.field("readinessProbe", c.readiness_probe);
  v.field("startupProbe", c.startup_probe);
  v.always("terminationMessagePath", c.termination_message_path);
  v.always("terminationMessagePolicy", c.termination_message_policy);
  v.always("imagePullPolicy", c.image_pull_policy);
  v.field("securityContext", c.security_context);
}

} // namespace podstep::k8s
