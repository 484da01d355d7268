x: common/fd.h /work/wt/cluster/common/result.h
