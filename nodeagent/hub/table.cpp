// Rows for people: see table.h. What the columns say of each kind is table_cells.cpp's.
#include "nodeagent/hub/table.h"
#include "common/text.h"
#include "nodeagent/hub/table_cells.h"

namespace podstep::hub {

namespace json = boost::json;

namespace {
constexpr const char* meta_version = "meta.k8s.io/v1";

json::value beside_row(const k8s::Object& object, RowObject beside) {
  json::value whole = k8s::encode(object);
  if (beside == RowObject::whole)
    return whole;
  return json::object{{"kind", "PartialObjectMetadata"},
                      {"apiVersion", meta_version},
                      {"metadata", whole.as_object()["metadata"]}};
}

json::array definitions(const std::vector<Column>& columns) {
  json::array out;
  for (const Column& column : columns)
    out.push_back(json::object{{"name", column.name},
                               {"type", column.number ? "integer" : "string"},
                               {"format", std::string_view(column.name) == "Name" ? "name" : ""},
                               {"description", ""},
                               {"priority", column.wide ? 1 : 0}});
  return out;
}
} // namespace

Result<std::optional<RowObject>> wanted_table(std::string_view accept, std::string_view include) {
  bool wanted = false;
  for (const std::string& range : split(accept, ',')) {
    bool table = false, version = false;
    for (const std::string& parameter : split(range, ';')) {
      table = table || trim(parameter) == "as=Table";
      version = version || trim(parameter) == "v=v1";
    }
    wanted = wanted || (table && version);
  }
  if (!wanted)
    return std::optional<RowObject>();
  if (include.empty() || include == "Metadata")
    return std::optional(RowObject::metadata);
  if (include == "None" || include == "Object")
    return std::optional(include == "None" ? RowObject::none : RowObject::whole);
  return Error(Kind::invalid, cat("includeObject=", printable(include), " is not None, Metadata or Object"));
}

std::string table_text(const k8s::KindInfo& kind, const std::vector<const k8s::Object*>& objects,
                       const std::string& revision, RowObject beside, WallTime now) {
  json::array rows;
  for (const k8s::Object* object : objects) {
    json::object row{{"cells", cells_of(*object, now)}};
    if (beside != RowObject::none)
      row["object"] = beside_row(*object, beside);
    rows.push_back(std::move(row));
  }
  return json::serialize(json::object{{"kind", "Table"},
                                      {"apiVersion", meta_version},
                                      {"metadata", json::object{{"resourceVersion", revision}}},
                                      {"columnDefinitions", definitions(columns_of(kind.id))},
                                      {"rows", std::move(rows)}});
}

} // namespace podstep::hub
