// Reads typed values out of JSON by the field lists of fields_*.h; every mistake is collected with its path.
#pragma once
#include "nodeagent/k8s/problems.h"
#include "nodeagent/k8s/types.h"
#include <boost/json/value.hpp>
#include <initializer_list>
#include <utility>

namespace podstep::k8s {

/// Whose document it is. An API's (lenient): unknown fields are ignored, as every client of the Kubernetes
/// API must. A user's manifest (strict): an unknown field, and one that only a server may set, is a problem.
enum class Strictness { lenient, strict };

/// One JSON object being read; the visitor of fields_*.h.
class Reader {
public:
  Reader(const boost::json::object& json, const Path& path, Problems& problems, Strictness strictness)
      : json_(json), path_(path), problems_(problems), strictness_(strictness) {}

  /// A field that may be absent or null: then `out` keeps its default.
  template<class T> void field(std::string_view name, T& out) {
    if (const boost::json::value* value = take(name)) {
      Path path(path_, name);
      read(*value, path, out);
    }
  }
  template<class T> void always(std::string_view name, T& out) { field(name, out); }
  /// A field that the API server, a controller or a node sets.
  template<class T> void server(std::string_view name, T& out) {
    if (strictness_ == Strictness::lenient)
      field(name, out);
    else
      refuse_server_field(name);
  }
  /// Must have this text where it is present.
  void fixed(std::string_view name, const char* text);
  /// A list of addresses that repeats `ip` for clients of both spellings; what counts is the other field.
  void ips(std::string_view name, const std::string&) { take(name); }
  /// A nested object without a type of its own.
  template<class F> void group(std::string_view name, bool /*write*/, F&& fields_of) {
    const boost::json::value* value = take(name);
    if (!value)
      return;
    Path path(path_, name);
    if (const boost::json::object* object = expect_object(*value, path)) {
      Reader inner(*object, path, problems_, strictness_);
      fields_of(inner);
      inner.finish();
    }
  }
  /// One alternative of a union that is spelled as one field per alternative.
  template<class A, class... V> void choice(std::string_view name, std::variant<V...>& out) {
    if (const boost::json::value* value = take(name)) {
      Path path(path_, name);
      read(*value, path, out.template emplace<A>());
    }
  }
  /// At most one of `names` may be there; none is a problem where `required`, or where an unknown field
  /// stands in its place.
  void one_of(std::initializer_list<std::string_view> names, bool required);
  /// In strict reading: every key that no field list named is a problem.
  void finish();

private:
  const boost::json::value* take(std::string_view name);
  bool has_unknown() const;
  void refuse_server_field(std::string_view name);
  const boost::json::object* expect_object(const boost::json::value& value, const Path& path);
  const boost::json::array* expect_array(const boost::json::value& value, const Path& path);
  void wrong_type(const boost::json::value& value, const Path& path, const char* wanted);
  int64_t read_int(const boost::json::value& value, const Path& path, int64_t min, int64_t max,
                   int64_t otherwise);

  void read(const boost::json::value& value, const Path& path, std::string& out);
  void read(const boost::json::value& value, const Path& path, bool& out);
  void read(const boost::json::value& value, const Path& path, int32_t& out);
  void read(const boost::json::value& value, const Path& path, int64_t& out);
  void read(const boost::json::value& value, const Path& path, Quantity& out);
  void read(const boost::json::value& value, const Path& path, IntOrString& out);
  template<class T> void read(const boost::json::value& value, const Path& path, std::optional<T>& out) {
    read(value, path, out.emplace());
  }
  template<class T>
  void read(const boost::json::value& value, const Path& path, std::map<std::string, T>& out) {
    out.clear();
    if (const boost::json::object* object = expect_object(value, path))
      for (const auto& entry : *object) {
        Path at(path, std::string_view(entry.key()));
        read(entry.value(), at, out[std::string(entry.key())]);
      }
  }
  template<class T> void read(const boost::json::value& value, const Path& path, std::vector<T>& out) {
    out.clear();
    if (const boost::json::array* array = expect_array(value, path))
      for (size_t i = 0; i < array->size(); ++i) {
        Path at(path, i);
        read((*array)[i], at, out.emplace_back());
      }
  }
  /// Any type that has a list in fields_*.h.
  template<class T> void read(const boost::json::value& value, const Path& path, T& out) {
    if (const boost::json::object* object = expect_object(value, path)) {
      Reader inner(*object, path, problems_, strictness_);
      fields(inner, out);
      inner.finish();
    }
  }

  const boost::json::object& json_;
  const Path& path_;
  Problems& problems_;
  Strictness strictness_;
  std::vector<std::string_view> known_;
};

} // namespace podstep::k8s
