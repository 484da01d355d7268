x: common/wire_boot.h /work/wt/cluster/common/result.h
