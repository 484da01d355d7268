x: common/limits.h
