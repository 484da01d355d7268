x: nodeagent/supervise/supervise.h /work/wt/cluster/common/clock.h \
 /work/wt/cluster/common/result.h /work/wt/cluster/common/fd.h
