// The reader of manifests: what each rule says, where it points, and what a good manifest becomes.
#include "nodeagent/k8s/manifest.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include "tests/unit/k8s/manifest_table.h"
#include <algorithm>

using namespace podstep;
using namespace podstep::k8s;

TEST_CASE("The examples are manifests") {
  for (const char* name : {"chat.yaml", "static.yaml"}) {
    INFO(name);
    auto text = read_file(cat(PODSTEP_SOURCE "/contrib/examples/", name), limits::manifest_bytes);
    REQUIRE(text);
    Manifest manifest = read_manifest(*text, name);
    CHECK(manifest.problems.empty());
    CHECK(manifest.objects.size() == 1);
  }
}

TEST_CASE("The line of an object for messages is that of its replicas, or of what stands nearest") {
  auto source = [](const std::string& text) {
    Manifest manifest = read_manifest(text, "m.yaml");
    REQUIRE(manifest.objects.size() == 1);
    return meta_of(manifest.objects[0]).annotations.at(annotation_source);
  };
  CHECK(source(deployment_head + "  replicas: 2\n" + deployment_tail) == "m.yaml:5");
  CHECK(source(deployment_head + deployment_tail) == "m.yaml:4");
  CHECK(source(pod_head + "  containers:\n  - name: c\n    image: i\n") == "m.yaml:6");
}

TEST_CASE("A pod gets what the API server would fill in, unlimited tolerations and its place in the file") {
  Manifest manifest = read_manifest(
      "# a comment\n" + pod_head +
          "  containers:\n"
          "  - {name: c, image: i, resources: {limits: {cpu: 2}}, ports: [{containerPort: 80}]}\n",
      "dir/m.yaml");
  REQUIRE(manifest.problems.empty());
  REQUIRE(manifest.objects.size() == 1);
  const Pod& pod = std::get<Pod>(manifest.objects[0]);
  CHECK(pod.metadata.ns == "default");
  CHECK(pod.metadata.annotations.at(annotation_source) == "dir/m.yaml:7"); // its resources
  CHECK(pod.spec.host_network);
  CHECK(pod.spec.containers[0].resources.requests.at("cpu").milli == 2000);
  CHECK(pod.spec.containers[0].ports[0].host_port == 80);
  REQUIRE(pod.spec.tolerations.size() == 2);
  CHECK(pod.spec.tolerations[0].key == "node.kubernetes.io/not-ready");
  CHECK_FALSE(pod.spec.tolerations[0].toleration_seconds);
  CHECK(pod.spec.tolerations[1].key == "node.kubernetes.io/unreachable");
  REQUIRE(manifest.images.size() == 1);
  CHECK(manifest.images[0].at.line == 7);
}

TEST_CASE("A toleration of the user's own is not replaced") {
  Manifest manifest =
      read_manifest(pod_head + "  containers: [{name: c, image: i}]\n"
                               "  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, "
                               "effect: NoExecute, tolerationSeconds: 5}]\n",
                    "m.yaml");
  const Pod& pod = std::get<Pod>(manifest.objects.at(0));
  CHECK(pod.spec.tolerations.size() == 2);
  CHECK(pod.spec.tolerations[0].toleration_seconds == 5);
}

TEST_CASE("All mistakes of a manifest are told at once, in the order of the file") {
  CHECK(problems("apiVersion: v1\n"
                 "kind: Pod\n"
                 "metadata:\n"
                 "  name: P_1\n"
                 "spec:\n"
                 "  dnsPolicy: None\n"
                 "  containers:\n"
                 "  - name: c\n"
                 "    image: i\n"
                 "    lifecycle: {}\n"
                 "    ports:\n"
                 "    - containerPort: '80'\n"
                 "---\n"
                 "apiVersion: v1\n"
                 "kind: Service\n"
                 "metadata: {name: s}\n") ==
        Lines{"4:9: metadata.name 'P_1' must be 1 to 253 of a-z, 0-9, '-' and '.', and each part between "
              "dots begin and end "
              "with a letter or digit",
              "6:3: spec.dnsPolicy is not supported yet",
              "10:5: spec.containers[0].lifecycle is not supported yet",
              "12:22: spec.containers[0].ports[0].containerPort must be an integer, not a string",
              "15:7: kind Service is not supported yet"});
}

TEST_CASE("A mistyped field is told with the name that was meant") {
  Manifest manifest = read_manifest(pod_head + "  containers: [{name: c, image: i, comand: [x]}]", "m.yaml");
  REQUIRE(manifest.problems.size() == 1);
  CHECK(manifest.problems[0].hint == "did you mean command?");
}

TEST_CASE("Documents that are no manifest are refused where they are wrong") {
  for (const Row& row : {
           Row{"", "1:1: the manifest is empty"},
           {"# nothing\n---\n", "1:1: the manifest is empty"},
           {"- 1", "1:1: a document must be a map with apiVersion, kind, metadata and spec"},
           {"{}", "1:1: apiVersion is missing"},
           {"apiVersion: v1\nkind: [Pod]", "2:7: kind must be a string"},
           {"apiVersion: apps/v1\nkind: Pod", "1:13: apiVersion apps/v1 is not supported yet for kind Pod"},
           {"apiVersion: v1\nkind: Pod\nkind: Pod", "3:1: the key kind is there twice"},
           {"a: [", "1:1: is no valid YAML: end of sequence flow not found"},
           {"a: *b", "1:4: is no valid YAML: the referenced anchor is not defined"},
           {"a: &b [*b]", "1:8: an alias refers to what contains it"},
           {"a: !!binary aGk=", "1:4: the tag tag:yaml.org,2002:binary is not supported"},
           {"? [a]\n: b", "1:3: a key must be text"},
           {"a: \xff", "1:1: the file is no UTF-8 text"},
       }) {
    INFO(row.text);
    Lines all = problems(row.text);
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const std::string& line) { return line.starts_with(row.problem); }));
  }
}

TEST_CASE("An alias bomb, deep nesting and a file that is too large are refused at once") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += cat(c, ": &", c, " [");
    for (int i = 0; i < 10; ++i)
      bomb += cat("*", char(c - 1), ",");
    bomb += "]\n";
  }
  Lines all = problems(bomb);
  REQUIRE_FALSE(all.empty());
  CHECK(all[0].ends_with("the document has more than 100000 values, aliases counted"));

  std::string fat = "a: &a " + std::string(500'000, 'x') + "\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n";
  all = problems(fat);
  REQUIRE_FALSE(all.empty());
  CHECK(all[0].ends_with("the document has more than 4194304 bytes, aliases counted"));

  all = problems("a: " + std::string(40, '[') + std::string(40, ']'));
  REQUIRE_FALSE(all.empty());
  CHECK(all[0].ends_with("is nested more than 32 levels deep"));
  CHECK_FALSE(problems("a: " + std::string(100'000, '[')).empty());

  CHECK(problems(std::string((1 << 20) + 1, '#')) ==
        Lines{"1:1: the file has 1048577 bytes; the limit is 1048576"});
}

TEST_CASE("More objects than a manifest may hold are refused") {
  std::string text;
  for (int i = 0; i < 70; ++i)
    text += cat("---\napiVersion: v1\nkind: Pod\nmetadata: {name: p", i,
                "}\nspec: {containers: [{name: c, image: i}]}\n");
  Lines all = problems(text);
  REQUIRE(all.size() == 1);
  CHECK(all[0].ends_with("there are more than 64 objects"));
}

TEST_CASE("Two objects of one kind and name are refused, of two kinds not") {
  std::string pod = "---\n" + pod_head + "  containers: [{name: c, image: i}]\n";
  CHECK(problems(pod + pod) == Lines{"10:18: a Pod named p is there already, at line 2"});
  std::string deployment = "---\n" + deployment_head + deployment_tail;
  deployment.replace(deployment.find("{name: d}"), 9, "{name: p}");
  CHECK(problems(pod + deployment).empty());
}

TEST_CASE("Merge keys and aliases are read as YAML 1.1 says, the map's own entries first") {
  Manifest manifest = read_manifest(pod_head + "  containers:\n"
                                               "  - &base {name: a, image: i, args: [x]}\n"
                                               "  - <<: *base\n"
                                               "    name: b\n",
                                    "m.yaml");
  REQUIRE(manifest.problems.empty());
  const auto& containers = std::get<Pod>(manifest.objects[0]).spec.containers;
  REQUIRE(containers.size() == 2);
  CHECK(containers[1].name == "b");
  CHECK(containers[1].args == Lines{"x"});
}

TEST_CASE("What kubectl writes into a manifest without meaning is accepted") {
  CHECK(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p, creationTimestamp: null}\n"
                 "spec: {containers: [{name: c, image: i, resources: {}}]}\nstatus: {}\n")
            .empty());
}

TEST_CASE("Every field that a manifest may have is accepted in one") {
  std::string text =
      "apiVersion: v1\nkind: Pod\n"
      "metadata: {name: p, namespace: default, labels: {a: b}, annotations: {x/y: z, podstep.io/port-web: "
      "auto, "
      "podstep.io/api-key-env: KEY}}\n"
      "spec:\n"
      "  containers:\n"
      "  - name: c\n    image: i\n    command: [a]\n    args: [b]\n    workingDir: /w\n"
      "    ports: [{name: web}, {name: x, containerPort: 81, hostPort: 81, protocol: UDP}]\n"
      "    env:\n    - {name: A, value: x}\n"
      "    - {name: B, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: \"metadata.labels['a']\"}}}\n"
      "    - {name: C, valueFrom: {resourceFieldRef: {containerName: c, resource: limits.cpu, divisor: "
      "1m}}}\n"
      "    resources: {limits: {cpu: 1, nvidia.com/gpu: 1}, requests: {cpu: 500m, nvidia.com/gpu: 1}}\n"
      "    volumeMounts: [{name: v, mountPath: /v, readOnly: true}]\n"
      "    livenessProbe: {exec: {command: [a]}, initialDelaySeconds: 1, timeoutSeconds: 1, periodSeconds: "
      "1, "
      "successThreshold: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1}\n"
      "    readinessProbe: {httpGet: {path: /, port: web, host: h, scheme: HTTPS, httpHeaders: [{name: A, "
      "value: b}]}}\n"
      "    startupProbe: {tcpSocket: {port: 1, host: h}}\n"
      "    terminationMessagePath: /t\n    terminationMessagePolicy: FallbackToLogsOnError\n"
      "    imagePullPolicy: Never\n"
      "    securityContext: {runAsUser: 1, runAsGroup: 1, runAsNonRoot: true, readOnlyRootFilesystem: true}\n"
      "  volumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 1Gi}}, {name: w, hostPath: {path: /x, "
      "type: File}}]\n"
      "  restartPolicy: OnFailure\n  terminationGracePeriodSeconds: 3\n  activeDeadlineSeconds: 5\n"
      "  nodeSelector: {a: b}\n  hostNetwork: true\n  shareProcessNamespace: true\n"
      "  securityContext: {runAsUser: 1, runAsGroup: 1, runAsNonRoot: true}\n"
      "  tolerations: [{key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 1}]\n";
  CHECK(problems(text) == Lines{});
  Manifest manifest = read_manifest(text, "m.yaml");
  REQUIRE(manifest.objects.size() == 1);
  auto again = decode_text(encode_text(manifest.objects[0]));
  REQUIRE(again);
  CHECK(*again == manifest.objects[0]);
}
