// The codec: every field of every kind there and back, and refusals with their path.
#include "nodeagent/k8s/codec.h"
#include "common/text.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;
using namespace podstep::k8s;
namespace json = boost::json;

namespace {

/// An object of each kind with every field set to something other than its default.
const char* const full[] = {
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","generateName":"p-","namespace":"default","uid":"u",
 "resourceVersion":"7","generation":2,"creationTimestamp":"2026-11-24T12:00:00Z",
 "deletionTimestamp":"2026-11-24T12:01:00Z","deletionGracePeriodSeconds":0,"labels":{"app":"chat"},
 "annotations":{"podstep.io/source":"chat.yaml:1"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
 "name":"r","uid":"x","controller":true,"blockOwnerDeletion":true}]},
 "spec":{"volumes":[{"name":"a","emptyDir":{"medium":"Memory","sizeLimit":"1Gi"}},
 {"name":"b","hostPath":{"path":"/data","type":"Directory"}},{"name":"c","emptyDir":{}}],
 "containers":[{"name":"c","image":"i","command":["a","b"],"args":["$(X) y"],"workingDir":"/w",
 "ports":[{"name":"http","hostPort":80,"containerPort":80,"protocol":"TCP"}],
 "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}},
 {"name":"C","valueFrom":{"resourceFieldRef":{"containerName":"c","resource":"limits.cpu","divisor":"1m"}}}],
 "resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"500m"}},
 "volumeMounts":[{"name":"a","mountPath":"/a","readOnly":true}],
 "livenessProbe":{"exec":{"command":["true"]},"initialDelaySeconds":1,"timeoutSeconds":2,"periodSeconds":3,
 "successThreshold":1,"failureThreshold":5,"terminationGracePeriodSeconds":6},
 "readinessProbe":{"httpGet":{"path":"/health","port":"http","host":"h","scheme":"HTTPS","httpHeaders":[{"name":"X",
 "value":"y"}]},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":2,"failureThreshold":3},
 "startupProbe":{"tcpSocket":{"port":80,"host":"h"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,
 "failureThreshold":3},"terminationMessagePath":"/t","terminationMessagePolicy":"FallbackToLogsOnError",
 "imagePullPolicy":"Never","securityContext":{"runAsUser":0,"runAsGroup":5,"runAsNonRoot":false,
 "readOnlyRootFilesystem":true}}],
 "restartPolicy":"Never","terminationGracePeriodSeconds":0,"activeDeadlineSeconds":60,"nodeSelector":{"a":"b"},
 "nodeName":"n1","hostNetwork":false,"shareProcessNamespace":true,"securityContext":{"runAsUser":1000},
 "tolerations":[{"key":"k","operator":"Exists","value":"v","effect":"NoExecute","tolerationSeconds":5}]},
 "status":{"phase":"Failed","conditions":[{"type":"Ready","status":"False","lastProbeTime":"t0",
 "lastHeartbeatTime":"t1","lastUpdateTime":"t2","lastTransitionTime":"t3","reason":"r","message":"m"}],
 "message":"m","reason":"r","hostIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.1"}],"podIP":"10.0.0.2",
 "podIPs":[{"ip":"10.0.0.2"}],"startTime":"t","containerStatuses":[
 {"name":"a","state":{"waiting":{"reason":"r","message":"m"}},"lastState":{"terminated":{"exitCode":3,"reason":"r",
 "message":"m","startedAt":"s","finishedAt":"f","containerID":"id"}},"ready":true,"restartCount":4,"image":"i",
 "imageID":"ii","containerID":"ci","started":false},
 {"name":"b","state":{"running":{"startedAt":"s"}},"lastState":{},"ready":false,"restartCount":0,"image":"i",
 "imageID":""}],"qosClass":"Burstable"}})",
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"default"},
 "spec":{"replicas":0,"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"},
 "annotations":{"a":"b"}},"spec":{"containers":[],"restartPolicy":"Always","terminationGracePeriodSeconds":30,
 "hostNetwork":true,"securityContext":{}}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":0,
 "maxSurge":"50%"}},"minReadySeconds":3,"revisionHistoryLimit":2,"paused":true,"progressDeadlineSeconds":50},
 "status":{"observedGeneration":1,"replicas":2,"updatedReplicas":3,"readyReplicas":4,"availableReplicas":5,
 "unavailableReplicas":6,"conditions":[{"type":"Available","status":"True"}]}})",
    R"({"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r"},"spec":{"replicas":2,"minReadySeconds":1,
 "selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{},"spec":{"containers":[],"restartPolicy":"Always",
 "terminationGracePeriodSeconds":30,"hostNetwork":true,"securityContext":{}}}},"status":{"replicas":1,
 "fullyLabeledReplicas":2,"readyReplicas":3,"availableReplicas":4,"observedGeneration":5}})",
    R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"spec":{"unschedulable":true,"taints":[{"key":"k",
 "value":"v","effect":"NoSchedule","timeAdded":"t"}]},"status":{"capacity":{"cpu":"4","nvidia.com/gpu":"2"},
 "allocatable":{"cpu":"3"},"conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP",
 "address":"10.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},"nodeInfo":{"machineID":"a",
 "systemUUID":"b","bootID":"c","kernelVersion":"d","osImage":"e","containerRuntimeVersion":"f","kubeletVersion":"g",
 "kubeProxyVersion":"h","operatingSystem":"linux","architecture":"amd64"}}})",
    R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"n","namespace":"kube-node-lease"},
 "spec":{"holderIdentity":"n","leaseDurationSeconds":20,"acquireTime":"a","renewTime":"r"}})",
    R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","namespace":"default",
 "name":"p","uid":"u","apiVersion":"v1","resourceVersion":"1","fieldPath":"spec.containers{c}"},"reason":"r",
 "message":"m","source":{"component":"kubelet","host":"n"},"firstTimestamp":"f","lastTimestamp":"l","count":3,
 "type":"Warning"})",
};

/// What decoding says, as text.
std::string refusal(std::string_view text) {
  auto object = decode_text(text);
  return object ? "accepted" : object.error().message;
}

std::string pod(std::string_view spec) {
  return cat(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":)", spec, "}");
}

} // namespace

TEST_CASE("Every field of every kind survives decoding and encoding") {
  for (const char* text : full) {
    INFO(text);
    auto object = decode_text(text);
    REQUIRE(object);
    CHECK(encode(*object) == json::parse(text));
    auto again = decode_text(encode_text(*object));
    REQUIRE(again);
    CHECK(*again == *object);
  }
}

TEST_CASE("A field that an object leaves out gets the default of the API server") {
  auto object = decode_text(pod(R"({"containers":[{"name":"c","livenessProbe":{"tcpSocket":{"port":1}}}]})"));
  REQUIRE(object);
  const auto& spec = std::get<Pod>(*object).spec;
  CHECK(spec.restart_policy == "Always");
  CHECK(spec.termination_grace_period_seconds == 30);
  CHECK(spec.containers[0].image_pull_policy == "IfNotPresent");
  CHECK(spec.containers[0].liveness_probe->period_seconds == 10);
  CHECK(spec.containers[0].liveness_probe->failure_threshold == 3);
}

TEST_CASE("Fields that are unknown or null are ignored in what an API server sends") {
  CHECK(refusal(
            pod(R"({"containers":[{"name":"c","image":null,"lifecycle":{},"x":[1]}],"dnsPolicy":"None"})")) ==
        "accepted");
}

TEST_CASE("A field of the wrong type or range is refused with its path") {
  struct Row {
    const char* spec;
    const char* message;
  };
  for (auto [spec, message] :
       {Row{R"({"containers":{}})", "Pod 'p': spec.containers must be a list, not a map"},
        {R"({"containers":[1]})", "Pod 'p': spec.containers[0] must be a map, not an integer"},
        {R"({"containers":[{"name":1}]})",
         "Pod 'p': spec.containers[0].name must be a string, not an integer"},
        {R"({"hostNetwork":"yes"})", "Pod 'p': spec.hostNetwork must be true or false, not a string"},
        {R"({"terminationGracePeriodSeconds":1.5})",
         "Pod 'p': spec.terminationGracePeriodSeconds must be an integer, not a number"},
        {R"({"containers":[{"ports":[{"containerPort":2147483648}]}]})",
         "Pod 'p': spec.containers[0].ports[0].containerPort must lie between -2147483648 and 2147483647"},
        {R"({"nodeSelector":{"a/b":true}})",
         "Pod 'p': spec.nodeSelector[a/b] must be a string, not a boolean"},
        {R"({"containers":[{"args":["a\u0000b"]}]})",
         "Pod 'p': spec.containers[0].args[0] contains a NUL character"},
        {R"({"containers":[{"resources":{"limits":{"cpu":"x"}}}]})",
         "Pod 'p': spec.containers[0].resources.limits.cpu is wrong: 'x' is not a quantity: it does not "
         "begin with a "
         "number"},
        {R"({"volumes":[{"name":"v","configMap":{}}]})",
         "Pod 'p': spec.volumes[0] has none of what is supported: emptyDir, hostPath"},
        {R"({"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/x"}}]})",
         "Pod 'p': spec.volumes[0].hostPath stands beside emptyDir: only one of them may be there"},
        {R"({"containers":[{"livenessProbe":{"grpc":{"port":1}}}]})",
         "Pod 'p': spec.containers[0].livenessProbe has none of what is supported: exec, httpGet, "
         "tcpSocket"}}) {
    CHECK(refusal(pod(spec)) == message);
  }
}

TEST_CASE("What is no object of a known kind is refused") {
  CHECK(refusal("{") == "JSON ends early, at byte 1");
  CHECK(refusal("[]") == "an object of the Kubernetes API must be a JSON object");
  CHECK(refusal(R"({"apiVersion":"v1","kind":"Secret"})") ==
        "kind 'Secret' in apiVersion 'v1' is not served");
  CHECK(refusal(R"({"apiVersion":"apps/v1","kind":"Pod"})") ==
        "kind 'Pod' in apiVersion 'apps/v1' is not served");
}

TEST_CASE("Kinds are found by what an object says and by where the API serves them") {
  CHECK(find_kind("apps/v1", "Deployment")->id == KindId::deployment);
  CHECK(find_kind("v1", "Deployment") == nullptr);
  CHECK(find_resource("coordination.k8s.io/v1", "leases")->id == KindId::lease);
  CHECK(find_resource("v1", "secrets") == nullptr);
  CHECK(kind_of(Object(Event{})) == KindId::event);
  CHECK_FALSE(info(KindId::node).namespaced);
}

TEST_CASE("A volume with a name alone is an emptyDir, and a quantity may be a plain number") {
  auto object =
      decode_text(pod(R"({"volumes":[{"name":"v"}],"containers":[{"resources":{"limits":{"cpu":0.5}}}]})"));
  REQUIRE(object);
  const auto& spec = std::get<Pod>(*object).spec;
  CHECK(std::holds_alternative<EmptyDirVolume>(spec.volumes[0].source));
  CHECK(spec.containers[0].resources.limits.at("cpu").milli == 500);
}
