// Every field that a manifest may have, by walking the field lists of fields_*.h: see manifest_fields in
// manifest.h.
#include "nodeagent/k8s/fields_workload.h"
#include "nodeagent/k8s/manifest.h"

namespace podstep::k8s {

namespace {

/// A visitor of field lists that writes down the path of each leaf.
class Lister {
public:
  Lister(std::string prefix, std::vector<std::string>& out) : prefix_(std::move(prefix)), out_(out) {}

  template<class T> void field(const std::string& name, T& value) { list(prefix_ + name, value); }
  template<class T> void always(const std::string& name, T& value) { list(prefix_ + name, value); }
  template<class T> void server(const std::string&, T&) {}
  void fixed(const std::string& name, const char*) { out_.push_back(prefix_ + name); }
  template<class F> void group(const std::string& name, bool, F&& fields_of) {
    Lister inner(prefix_ + name + ".", out_);
    fields_of(inner);
  }
  template<class A, class... V> void choice(const std::string& name, std::variant<V...>&) {
    A alternative;
    list(prefix_ + name, alternative);
  }
  void one_of(std::initializer_list<std::string_view>, bool) {}

private:
  void leaf(const std::string& path) { out_.push_back(path); }
  void list(const std::string& path, std::string&) { leaf(path); }
  void list(const std::string& path, bool&) { leaf(path); }
  void list(const std::string& path, int32_t&) { leaf(path); }
  void list(const std::string& path, int64_t&) { leaf(path); }
  void list(const std::string& path, Quantity&) { leaf(path); }
  void list(const std::string& path, IntOrString&) { leaf(path); }
  template<class T> void list(const std::string& path, std::map<std::string, T>&) { leaf(path); }
  void list(const std::string& path, std::vector<std::string>&) { leaf(path); }
  template<class T> void list(const std::string& path, std::optional<T>&) {
    T value;
    list(path, value);
  }
  template<class T> void list(const std::string& path, std::vector<T>&) {
    T element;
    list(path + "[]", element);
  }
  template<class T> void list(const std::string& path, T& value) {
    Lister inner(path + ".", out_);
    fields(inner, value);
  }

  std::string prefix_;
  std::vector<std::string>& out_;
};

template<class T> std::vector<std::string> fields_of_kind() {
  std::vector<std::string> all;
  Lister lister("", all);
  T object;
  fields(lister, object);
  return all;
}

} // namespace

std::vector<std::string> manifest_fields(const std::string& kind) {
  if (kind == "Pod")
    return fields_of_kind<Pod>();
  std::vector<std::string> all = fields_of_kind<Deployment>();
  std::erase_if(all, [](const std::string& path) { return path.starts_with("spec.template.spec."); });
  return all;
}

} // namespace podstep::k8s
