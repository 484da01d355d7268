x: nodeagent/cri/containerd.h /work/wt/cluster/common/result.h
