x: common/clock.h /work/wt/cluster/common/result.h
