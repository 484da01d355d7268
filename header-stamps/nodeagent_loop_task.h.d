x: nodeagent/loop/task.h /work/wt/cluster/common/clock.h \
 /work/wt/cluster/common/result.h \
 /work/wt/cluster/nodeagent/loop/within.h
