x: common/wire_runtime.h
