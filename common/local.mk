# common/: the floor that everything stands on (C++20 and libc only).
