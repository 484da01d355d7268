x: nodeagent/images/store.h /work/wt/cluster/common/result.h
