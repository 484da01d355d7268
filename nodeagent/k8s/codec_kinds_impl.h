// The bodies behind codec_kinds.h, included by the codec_*.cpp after the fields of their kinds.
#pragma once
#include "nodeagent/k8s/codec_kinds.h"
#include "nodeagent/k8s/json_write.h"

namespace podstep::k8s {

template<class T>
T read_whole(const boost::json::object& json, const Path& path, Problems& problems, Strictness strictness) {
  T object;
  Reader reader(json, path, problems, strictness);
  fields(reader, object);
  reader.finish();
  return object;
}

template<class T> boost::json::value write_whole(const T& object) {
  Writer writer;
  fields(writer, object);
  return std::move(writer).take();
}

} // namespace podstep::k8s

#define PODSTEP_KIND(Type, Status)                                                                           \
  Type read_##Type(const boost::json::object& json, const Path& path, Problems& problems,                    \
                   Strictness strictness) {                                                                  \
    return read_whole<Type>(json, path, problems, strictness);                                               \
  }                                                                                                          \
  boost::json::value write_kind(const Type& object) {                                                        \
    return write_whole(object);                                                                              \
  }                                                                                                          \
  boost::json::value write_status([[maybe_unused]] const Type& object) {                                     \
    return Status;                                                                                           \
  }
