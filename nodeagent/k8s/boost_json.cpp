// Boost.JSON itself, compiled once for every program of nodeagent/ (the Debian package has headers only).
#include <boost/json/src.hpp>
