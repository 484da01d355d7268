# nodeagent/k8s/: what this room builds.
