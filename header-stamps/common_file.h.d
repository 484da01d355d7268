x: common/file.h /work/wt/cluster/common/fd.h \
 /work/wt/cluster/common/result.h
