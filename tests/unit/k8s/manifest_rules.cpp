// The rules of each kind of object, as tables of a mistake and what is said of it.
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include "tests/unit/k8s/manifest_table.h"

using namespace podstep;
using namespace podstep::k8s;

TEST_CASE("Rules of a container") {
  check(
      pod_head + "  volumes: [{name: v, emptyDir: {}}]\n  containers:\n  - name: c\n    image: i\n    ",
      {
          {"args: [1]", "9:12: spec.containers[0].args[0] must be a string, not an integer"},
          {"env: [{name: 1A}]", "9:18: spec.containers[0].env[0].name '1A' must be letters, digits, '-', '_' "
                                "and '.', and not begin with a digit"},
          {"env: [{name: A, value: yes}]",
           "9:28: spec.containers[0].env[0].value must be a string, not a boolean"},
          {"env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
           "9:31: spec.containers[0].env[0].valueFrom stands beside value"},
          {"env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.x}}}]",
           "9:55: spec.containers[0].env[0].valueFrom.fieldRef.fieldPath 'spec.x' is no field that a "
           "variable can have"},
          {"env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]",
           "9:33: spec.containers[0].env[0].valueFrom.secretKeyRef is not supported yet"},
          {"env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.gpu}}}]",
           "9:62: spec.containers[0].env[0].valueFrom.resourceFieldRef.resource 'limits.gpu' is not "
           "supported"},
          {"env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, containerName: z}}}]",
           "9:89: spec.containers[0].env[0].valueFrom.resourceFieldRef.containerName 'z' is no container of "
           "this pod"},
          {"ports: [{containerPort: 70000}]",
           "9:29: spec.containers[0].ports[0].containerPort must lie between 1 and 65535"},
          {"ports: [{name: http}]", "9:13: spec.containers[0].ports[0].containerPort is missing"},
          {"ports: [{name: HTTP, containerPort: 1}]", "9:20: spec.containers[0].ports[0].name 'HTTP' must be "
                                                      "1 to 15 of a-z, 0-9 and single '-', with at least one "
                                                      "letter"},
          {"ports: [{containerPort: 1, hostPort: 2}]",
           "9:42: spec.containers[0].ports[0].hostPort must equal containerPort: pods share the network of "
           "their node"},
          {"ports: [{containerPort: 1, protocol: SCTP}]",
           "9:42: spec.containers[0].ports[0].protocol must be TCP or UDP"},
          {"ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]",
           "9:49: spec.containers[0].ports[1].name a is there twice"},
          {"ports: [{containerPort: 1}, {containerPort: 1}]",
           "9:49: spec.containers[0].ports[1].containerPort 1/TCP is there twice in this pod"},
          {"resources: {requests: {cpu: 2}, limits: {cpu: 1}}",
           "9:33: spec.containers[0].resources.requests.cpu is 2, above the limit of 1"},
          {"resources: {limits: {memory: 500m}}",
           "9:34: spec.containers[0].resources.limits.memory must be a whole number, not 500m"},
          {"resources: {limits: {memory: 1GB}}", "9:34: spec.containers[0].resources.limits.memory is wrong: "
                                                 "'1GB' is not a quantity: unknown suffix 'GB'"},
          {"resources: {requests: {nvidia.com/gpu: 1}}",
           "9:44: spec.containers[0].resources.requests[nvidia.com/gpu] needs a limit of the same amount"},
          {"resources: {limits: {gpu: 1}}", "9:26: spec.containers[0].resources.limits.gpu 'gpu' must be "
                                            "cpu, memory, ephemeral-storage or a device such as "
                                            "nvidia.com/gpu"},
          {"volumeMounts: [{name: w, mountPath: /x}]",
           "9:27: spec.containers[0].volumeMounts[0].name 'w' is no volume of this pod"},
          {"volumeMounts: [{name: v, mountPath: x}]", "9:41: spec.containers[0].volumeMounts[0].mountPath "
                                                      "must be an absolute path without '..' and ':'"},
          {"volumeMounts: [{name: v, mountPath: /x, subPath: a}]",
           "9:45: spec.containers[0].volumeMounts[0].subPath is not supported yet"},
          {"volumeMounts: [{name: v, mountPath: /x}, {name: v, mountPath: /x}]",
           "9:67: spec.containers[0].volumeMounts[1].mountPath /x is there twice"},
          {"livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 0}",
           "9:58: spec.containers[0].livenessProbe.periodSeconds must be at least 1, not 0"},
          {"livenessProbe: {tcpSocket: {port: 1}, successThreshold: 2}",
           "9:61: spec.containers[0].livenessProbe.successThreshold must be 1 for a livenessProbe"},
          {"livenessProbe: {tcpSocket: {port: web}}",
           "9:39: spec.containers[0].livenessProbe.tcpSocket.port 'web' is no port of container c"},
          {"livenessProbe: {grpc: {port: 1}}",
           "9:21: spec.containers[0].livenessProbe.grpc is not supported yet"},
          {"livenessProbe: {periodSeconds: 1}",
           "9:5: spec.containers[0].livenessProbe has none of what is supported: exec, httpGet, tcpSocket"},
          {"livenessProbe: {exec: {}}", "9:21: spec.containers[0].livenessProbe.exec.command is missing"},
          {"readinessProbe: {exec: {command: [a]}, tcpSocket: {port: 1}}",
           "9:44: spec.containers[0].readinessProbe.tcpSocket stands beside exec: only one of them may be "
           "there"},
          {"readinessProbe: {httpGet: {port: 0}}", "9:38: spec.containers[0].readinessProbe.httpGet.port "
                                                   "must be a number from 1 to 65535 or the name of a port"},
          {"readinessProbe: {httpGet: {port: 1, scheme: FTP}}",
           "9:49: spec.containers[0].readinessProbe.httpGet.scheme must be HTTP or HTTPS"},
          {"readinessProbe: {httpGet: {port: 1, path: \"/a\\r\\nX: y\"}}",
           "9:47: spec.containers[0].readinessProbe.httpGet.path contains a control character"},
          {"readinessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 1}",
           "9:44: spec.containers[0].readinessProbe.terminationGracePeriodSeconds must not be set for a "
           "readinessProbe"},
          {"securityContext: {runAsUser: -1}",
           "9:34: spec.containers[0].securityContext.runAsUser must lie between 0 and 2147483647"},
          {"securityContext: {runAsUser: 0, runAsNonRoot: true}",
           "9:34: spec.containers[0].securityContext.runAsUser is 0 beside runAsNonRoot: true"},
          {"securityContext: {privileged: true}",
           "9:23: spec.containers[0].securityContext.privileged is not supported yet"},
          {"workingDir: x", "9:17: spec.containers[0].workingDir must be an absolute path"},
          {"imagePullPolicy: Maybe",
           "9:22: spec.containers[0].imagePullPolicy must be one of Always, IfNotPresent, Never"},
          {"command: [\"a\\0b\"]", "9:15: spec.containers[0].command[0] contains a NUL character"},
      });
}

TEST_CASE("Rules of a pod") {
  check(
      pod_head + "  containers: [{name: c, image: i}]\n  ",
      {
          {"restartPolicy: Sometimes", "6:18: spec.restartPolicy must be Always, OnFailure or Never"},
          {"terminationGracePeriodSeconds: -1",
           "6:34: spec.terminationGracePeriodSeconds must be at least 0"},
          {"activeDeadlineSeconds: 0", "6:26: spec.activeDeadlineSeconds must lie between 1 and 2147483647"},
          {"hostNetwork: false", "6:16: spec.hostNetwork must be true: pods share the network of their node"},
          {"nodeName: n1", "6:3: spec.nodeName is set by the service itself, not by a manifest"},
          {"initContainers: []", "6:3: spec.initContainers is not supported yet"},
          {"volumes: [{name: v, configMap: {name: m}}]",
           "6:23: spec.volumes[0].configMap is not supported yet"},
          {"volumes: [{name: v}, {name: v}]", "6:31: spec.volumes[1].name v is there twice"},
          {"volumes: [{name: v, hostPath: {path: /a/../b}}]",
           "6:40: spec.volumes[0].hostPath.path must be an absolute path without '..'"},
          {"volumes: [{name: v, hostPath: {path: /a, type: BlockDevice}}]",
           "6:50: spec.volumes[0].hostPath.type must be one of DirectoryOrCreate, Directory, FileOrCreate, "
           "File, Socket, or "
           "left out"},
          {"volumes: [{name: v, emptyDir: {medium: Disk}}]",
           "6:42: spec.volumes[0].emptyDir.medium must be Memory or left out"},
          {"tolerations: [{operator: Like}]", "6:28: spec.tolerations[0].operator must be Exists or Equal"},
          {"tolerations: [{operator: Exists, value: x}]",
           "6:43: spec.tolerations[0].value must be left out where the operator is Exists"},
          {"tolerations: [{key: a, tolerationSeconds: 1}]",
           "6:45: spec.tolerations[0].tolerationSeconds needs effect: NoExecute"},
          {"securityContext: {readOnlyRootFilesystem: true}",
           "6:21: spec.securityContext.readOnlyRootFilesystem belongs to the securityContext of a container"},
          {"nodeSelector: {a: 1}", "6:21: spec.nodeSelector.a must be a string, not an integer"},
      });
  CHECK(problems(pod_head + "  containers: []") ==
        Lines{"5:15: spec.containers is missing: a pod has at least one container"});
  CHECK(problems(pod_head + "  containers: [{name: c, image: i}, {name: c, image: i}]") ==
        Lines{"5:44: spec.containers[1].name c is there twice"});
  CHECK(problems(pod_head + "  containers: [{image: i}]") ==
        Lines{"5:16: spec.containers[0].name is missing"});
  CHECK(problems(pod_head + "  containers: [{name: c}]") ==
        Lines{"5:16: spec.containers[0].image is missing"});
}

TEST_CASE("Rules of metadata") {
  const std::string after = "spec: {containers: [{name: c, image: i, ports: [{name: http}]}]}\n";
  check("apiVersion: v1\nkind: Pod\nmetadata: ",
        {
            {"{name: p, namespace: other, annotations: {podstep.io/port-http: auto}}",
             "3:32: metadata.namespace must be default: a job has one namespace"},
            {"{annotations: {podstep.io/port-http: auto}}", "3:1: metadata.name is missing"},
            {"{name: p, uid: u, annotations: {podstep.io/port-http: auto}}",
             "3:21: metadata.uid is set by the service itself, not by a manifest"},
            {"{name: p, labels: {a: -}, annotations: {podstep.io/port-http: auto}}",
             "3:33: metadata.labels.a '-' must be at most 63 letters, digits, '-', '_' and '.', and begin "
             "and end with a letter "
             "or digit"},
            {"{name: p, labels: {podstep.io/job: x}, annotations: {podstep.io/port-http: auto}}",
             "3:30: metadata.labels[podstep.io/job] is a label that Podstep sets itself"},
            {"{name: p, annotations: {podstep.io/port-http: auto, podstep.io/prot-x: auto}}",
             "3:63: metadata.annotations[podstep.io/prot-x] is no annotation that a manifest may set"},
            {"{name: p, annotations: {podstep.io/port-http: auto, podstep.io/port-x: auto}}",
             "3:63: metadata.annotations[podstep.io/port-x] asks for a port 'x' that no container has"},
            {"{name: p, annotations: {podstep.io/port-http: '80'}}",
             "3:57: metadata.annotations[podstep.io/port-http] must be auto"},
            {"{name: p, annotations: {podstep.io/port-http: auto, podstep.io/api-key-env: 1-}}",
             "3:87: metadata.annotations[podstep.io/api-key-env] '1-' must be letters, digits, '-', '_' and "
             "'.', and not begin "
             "with a digit"},
            {"{name: p, annotations: {podstep.io/port-http: auto, podstep.io/fabric: cxi}}",
             "3:82: metadata.annotations[podstep.io/fabric] must be site, podstep or none"},
        },
        after);
  for (const char* word : {"site", "podstep", "none"})
    CHECK(problems(cat("apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {podstep.io/fabric: ",
                       word, "}}\nspec: {containers: [{name: c, image: i}]}\n"))
              .empty());
  CHECK(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {podstep.io/port-http: auto}}\n"
                 "spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 80}]}]}\n") ==
        Lines{"4:62: spec.containers[0].ports[0].containerPort must be left out: podstep.io/port-http asks "
              "for a free port"});
  CHECK(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {podstep.io/api-key-env: K}}\n"
                 "spec: {containers: [{name: c, image: i, env: [{name: K, value: x}]}]}\n") ==
        Lines{"3:59: metadata.annotations[podstep.io/api-key-env] names K, which container c sets itself"});
}

TEST_CASE("Rules of a Deployment") {
  check(
      deployment_head + "  ",
      {
          {"replicas: 5000", "5:13: spec.replicas must lie between 0 and 4096"},
          {"replicas: two", "5:13: spec.replicas must be an integer, not a string"},
          {"strategy: {type: Blue}", "5:20: spec.strategy.type must be RollingUpdate or Recreate"},
          {"strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}",
           "5:59: spec.strategy.rollingUpdate.maxUnavailable must not be 0 while maxSurge is 0: no pod could "
           "ever be replaced"},
          {"strategy: {rollingUpdate: {maxSurge: 101%}}",
           "5:40: spec.strategy.rollingUpdate.maxSurge must be a number of pods or a percentage from 0% to "
           "100%"},
          {"minReadySeconds: -1", "5:20: spec.minReadySeconds must not be negative"},
          {"progressDeadlineSeconds: 0", "5:28: spec.progressDeadlineSeconds must be above minReadySeconds"},
          {"revisionHistoryLimit: -1", "5:25: spec.revisionHistoryLimit must not be negative"},
      },
      deployment_tail);
  auto with = [](const char* selector, const char* meta, const char* spec) {
    return problems(deployment_head + "  selector: " + selector + "\n  template:\n    metadata: " + meta +
                    "\n    spec: " + spec + "\n");
  };
  const char* good = "{containers: [{name: c, image: i}]}";
  CHECK(with("{}", "{}", good) == Lines{"5:3: spec.selector.matchLabels is missing"});
  CHECK(with("{matchLabels: {a: b}}", "{labels: {a: c}}", good) ==
        Lines{"5:31: spec.selector.matchLabels.a is not among the labels of spec.template.metadata: the "
              "Deployment would not find "
              "its pods"});
  CHECK(with("{matchLabels: {a: b}}", "{labels: {a: b}, name: x}", good) ==
        Lines{"7:32: spec.template.metadata.name is not supported yet"});
  CHECK(with("{matchLabels: {a: b}}", "{labels: {a: b}}",
             "{containers: [{name: c, image: i}], restartPolicy: Never}") ==
        Lines{"8:62: spec.template.spec.restartPolicy must be Always in a Deployment"});
  CHECK(with("{matchLabels: {a: b}}", "{labels: {a: b}}",
             "{containers: [{name: c, image: i}], activeDeadlineSeconds: 5}") ==
        Lines{"8:47: spec.template.spec.activeDeadlineSeconds has no place in a Deployment"});
  CHECK(problems("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, annotations: "
                 "{podstep.io/port-a: auto}}\nspec:\n" +
                 deployment_tail) ==
        Lines{"3:35: metadata.annotations[podstep.io/port-a] takes effect on pods only"});
}
