x: common/result.h
