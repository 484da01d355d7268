x: nodeagent/supervise/child.h /work/wt/cluster/common/clock.h \
 /work/wt/cluster/common/result.h /work/wt/cluster/common/fd.h
