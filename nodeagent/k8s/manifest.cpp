// The strict reader of a user's manifest: see manifest.h.
#include "nodeagent/k8s/manifest.h"
#include "common/text.h"
#include "nodeagent/k8s/codec_kinds.h"
#include "nodeagent/k8s/defaults.h"
#include "nodeagent/k8s/validate.h"
#include <algorithm>
#include <map>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

const YamlEntry* entry_of(const YamlNode& map, std::string_view key) {
  for (const YamlEntry& entry : map.entries)
    if (entry.key == key)
      return &entry;
  return nullptr;
}

/// The containers of an object and the path to them.
struct Containers {
  const std::vector<Container>* list = nullptr;
  std::vector<Segment> path;
};

Containers containers_of(const Object& object) {
  if (const auto* pod = std::get_if<Pod>(&object))
    return {&pod->spec.containers, {{"spec"}, {"containers"}}};
  const auto& deployment = std::get<Deployment>(object);
  return {&deployment.spec.pod_template.spec.containers, {{"spec"}, {"template"}, {"spec"}, {"containers"}}};
}

/// Where an object says how much it asks for: its replicas, or its first container's resources. Whoever gets
/// less than that looks there.
Mark demand_of(const Object& object, const YamlNode& document) {
  Problem here;
  here.where = {{"spec"}, {"replicas"}};
  if (std::holds_alternative<Pod>(object))
    here.where = {{"spec"}, {"containers"}, {"", 0, true}, {"resources"}};
  return locate(document, here);
}

/// Reads documents one after the other, and remembers which names are taken.
class ManifestReader {
public:
  explicit ManifestReader(const std::string& file) : file_(file) {}

  void read(const YamlNode& document) {
    if (document.type != YamlNode::Type::map)
      return problem(document.mark, "a document must be a map with apiVersion, kind, metadata and spec");
    const KindInfo* kind = kind_of_document(document);
    if (!kind)
      return;
    json::value value = to_json(document);
    Problems problems;
    Path root;
    Object object = read_object(kind->id, value.get_object(), root, problems, Strictness::strict);
    apply_defaults(object);
    Problems rules;
    validate(object, rules);
    problems.add_unrelated(rules);
    for (const Problem& found : problems.all())
      problem(locate(document, found), found.sentence(), found.hint);
    check_unique(object, *kind, document);
    note_images(object, document);
    meta_of(object).annotations[annotation_source] = cat(file_, ":", demand_of(object, document).line);
    manifest.objects.push_back(std::move(object));
  }

  void problem(Mark at, std::string message, std::string hint = {}) {
    manifest.problems.push_back({at, std::move(message), std::move(hint)});
  }

  Manifest finish() && {
    sort(manifest.problems);
    for (auto& [key, use] : images_)
      manifest.images.push_back(std::move(use));
    return std::move(manifest);
  }

  Manifest manifest;

private:
  void note_images(const Object& object, const YamlNode& document) {
    Containers containers = containers_of(object);
    for (size_t i = 0; i < containers.list->size(); ++i) {
      const Container& container = (*containers.list)[i];
      const std::pair use(container.image, container.image_pull_policy);
      if (container.image.empty() || images_.contains(use))
        continue;
      Problem here;
      here.where = containers.path;
      here.where.push_back({"", i, true});
      here.where.push_back({"image"});
      images_[use] = {use.first, use.second, locate(document, here), to_text(here.where)};
    }
  }

  std::string text_field(const YamlNode& document, std::string_view name) {
    const YamlEntry* entry = entry_of(document, name);
    if (!entry) {
      problem(document.mark, cat(name, " is missing"),
              "write apiVersion: v1 and kind: Pod, or apps/v1 and Deployment");
      return {};
    }
    bool text = entry->value->type == YamlNode::Type::plain || entry->value->type == YamlNode::Type::quoted;
    if (!text)
      problem(entry->value->mark, cat(name, " must be a string"));
    return text ? entry->value->text : std::string();
  }

  const KindInfo* kind_of_document(const YamlNode& document) {
    std::string api_version = text_field(document, "apiVersion"), kind = text_field(document, "kind");
    if (api_version.empty() || kind.empty())
      return nullptr;
    for (KindId id : {KindId::pod, KindId::deployment}) {
      const KindInfo& known = info(id);
      if (kind != known.kind)
        continue;
      if (api_version == known.api_version)
        return &known;
      problem(entry_of(document, "apiVersion")->value->mark,
              cat("apiVersion ", printable(api_version, 60), " is not supported yet for kind ", kind),
              cat("write ", known.api_version));
      return nullptr;
    }
    problem(entry_of(document, "kind")->value->mark,
            cat("kind ", printable(kind, 60), " is not supported yet"),
            "a manifest holds kinds Pod and Deployment");
    return nullptr;
  }

  void check_unique(const Object& object, const KindInfo& kind, const YamlNode& document) {
    const std::string& name = meta_of(object).name;
    if (name.empty())
      return;
    auto [taken, fresh] = names_.emplace(std::pair(kind.id, name), document.mark.line);
    if (fresh)
      return;
    Problem where;
    where.where = {{"metadata"}, {"name"}};
    problem(
        locate(document, where),
        cat("a ", kind.kind, " named ", printable(name, 80), " is there already, at line ", taken->second),
        "rename one of the two");
  }

  std::string file_;
  std::map<std::pair<KindId, std::string>, int> names_;
  std::map<std::pair<std::string, std::string>, ImageUse> images_;
};

} // namespace

void sort(std::vector<FileProblem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const FileProblem& a, const FileProblem& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
}

Manifest read_manifest(const std::string& text, const std::string& file) {
  YamlFile yaml = parse_yaml(text);
  ManifestReader reader(file);
  reader.manifest.problems = std::move(yaml.problems);
  for (const YamlPtr& document : yaml.documents)
    reader.read(*document);
  if (yaml.documents.empty() && reader.manifest.problems.empty())
    reader.problem({}, "the manifest is empty", "write at least one Pod or Deployment");
  return std::move(reader).finish();
}

} // namespace podstep::k8s
