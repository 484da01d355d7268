# tests/: unit tests per room, real-cluster tests, security and fault tests by number.
