// Writes typed values as JSON by the field lists of fields_*.h, leaving out what the API server leaves out.
#pragma once
#include "nodeagent/k8s/types.h"
#include <boost/json/value.hpp>
#include <initializer_list>
#include <utility>

namespace podstep::k8s {

/// One JSON object being written; the visitor of fields_*.h.
class Writer {
public:
  /// Left out where empty (Go's omitempty).
  template<class T> void field(std::string_view name, const T& value) {
    if (!is_empty(value))
      put(name, write(value));
  }
  template<class T> void always(std::string_view name, const T& value) { put(name, write(value)); }
  template<class T> void server(std::string_view name, const T& value) { field(name, value); }
  void fixed(std::string_view name, const char* text) { put(name, text); }
  void ips(std::string_view name, const std::string& ip) {
    if (!ip.empty())
      put(name, boost::json::array{boost::json::object{{"ip", ip}}});
  }
  template<class F> void group(std::string_view name, bool present, F&& fields_of) {
    if (!present)
      return;
    Writer inner;
    fields_of(inner);
    put(name, std::move(inner).take());
  }
  template<class A, class... V> void choice(std::string_view name, const std::variant<V...>& value) {
    if (const A* held = std::get_if<A>(&value))
      put(name, write(*held));
  }
  void one_of(std::initializer_list<std::string_view>, bool) {}
  boost::json::value take() && { return std::move(json_); }

private:
  void put(std::string_view name, boost::json::value value) { json_.emplace(name, std::move(value)); }

  static bool is_empty(const std::string& value) { return value.empty(); }
  static bool is_empty(bool value) { return !value; }
  static bool is_empty(int32_t value) { return value == 0; }
  static bool is_empty(int64_t value) { return value == 0; }
  static bool is_empty(const Quantity&) { return false; }
  static bool is_empty(const IntOrString&) { return false; }
  template<class T> static bool is_empty(const std::optional<T>& value) { return !value; }
  template<class K, class T> static bool is_empty(const std::map<K, T>& value) { return value.empty(); }
  template<class T> static bool is_empty(const std::vector<T>& value) { return value.empty(); }
  template<class T> static bool is_empty(const T& value) { return value == T{}; }

  static boost::json::value write(const std::string& value) { return boost::json::string(value); }
  static boost::json::value write(bool value) { return value; }
  static boost::json::value write(int32_t value) { return value; }
  static boost::json::value write(int64_t value) { return value; }
  static boost::json::value write(const Quantity& value) { return boost::json::string(value.text); }
  static boost::json::value write(const IntOrString& value) {
    return value.name.empty() ? boost::json::value(value.number) : boost::json::value(value.name);
  }
  template<class T> static boost::json::value write(const std::optional<T>& value) { return write(*value); }
  template<class T> static boost::json::value write(const std::map<std::string, T>& value) {
    boost::json::object json;
    for (const auto& [key, item] : value)
      json.emplace(key, write(item));
    return json;
  }
  template<class T> static boost::json::value write(const std::vector<T>& value) {
    boost::json::array json;
    for (const T& item : value)
      json.push_back(write(item));
    return json;
  }
  template<class T> static boost::json::value write(const T& value) {
    Writer inner;
    fields(inner, value);
    return std::move(inner).take();
  }

  boost::json::object json_;
};

} // namespace podstep::k8s
