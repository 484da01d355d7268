x: nodeagent/record/state.h /work/wt/cluster/common/result.h
