x: nodeagent/images/stub.h /work/wt/cluster/nodeagent/cri/client.h \
 /work/wt/cluster/nodeagent/cri/grpc.h \
 /work/wt/cluster/nodeagent/http/client.h \
 /work/wt/cluster/nodeagent/loop/task.h /work/wt/cluster/common/clock.h \
 /work/wt/cluster/common/result.h \
 /work/wt/cluster/nodeagent/loop/within.h \
 /work/wt/cluster/nodeagent/cri/runtime.h \
 /work/wt/cluster/nodeagent/images/store.h
