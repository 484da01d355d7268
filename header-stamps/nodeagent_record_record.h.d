x: nodeagent/record/record.h /work/wt/cluster/common/result.h
