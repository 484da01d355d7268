x: common/text.h /work/wt/cluster/common/result.h
