x: nodeagent/k8s/quantity.h /work/wt/cluster/common/result.h
