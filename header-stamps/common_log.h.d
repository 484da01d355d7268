x: common/log.h
