x: common/wire_spec.h /work/wt/cluster/common/result.h
