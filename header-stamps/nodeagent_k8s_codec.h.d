x: nodeagent/k8s/codec.h /work/wt/cluster/nodeagent/k8s/types.h \
 /work/wt/cluster/nodeagent/k8s/quantity.h \
 /work/wt/cluster/common/result.h
