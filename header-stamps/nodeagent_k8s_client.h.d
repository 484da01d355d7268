x: nodeagent/k8s/client.h /work/wt/cluster/nodeagent/http/client.h \
 /work/wt/cluster/nodeagent/loop/task.h /work/wt/cluster/common/clock.h \
 /work/wt/cluster/common/result.h \
 /work/wt/cluster/nodeagent/loop/within.h \
 /work/wt/cluster/nodeagent/k8s/codec.h \
 /work/wt/cluster/nodeagent/k8s/types.h \
 /work/wt/cluster/nodeagent/k8s/quantity.h
