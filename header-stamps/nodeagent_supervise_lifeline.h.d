x: nodeagent/supervise/lifeline.h /work/wt/cluster/common/result.h
