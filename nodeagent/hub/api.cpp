// The Kubernetes API of one job: routing, authorisation and the verbs; watch.cpp has the streams.
#include "nodeagent/hub/api.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/hub/answer.h"
#include "nodeagent/hub/api_call.h"
#include "nodeagent/hub/discovery.h"
#include "nodeagent/hub/scale.h"
#include "nodeagent/hub/unserved.h"
#include "nodeagent/hub/watch.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
/// gracePeriodSeconds and preconditions.uid from the query or the body (Kubernetes API: DeleteOptions).
struct DeleteOptions {
  std::optional<int64_t> grace;
  std::string uid;
};

Result<DeleteOptions> delete_options(const http::ServerRequest& request) {
  DeleteOptions options;
  if (const auto found = request.query.find("gracePeriodSeconds"); found != request.query.end()) {
    PODSTEP_TRY(options.grace, parse_int(found->second, 0, INT32_MAX));
  }
  if (trim(request.body).empty())
    return options;
  PODSTEP_TRY(auto body, k8s::parse_json(request.body, limits::object_bytes));
  const auto* object = body.if_object();
  if (!object)
    return Error(Kind::invalid, "DeleteOptions: not an object");
  if (const auto* grace = object->if_contains("gracePeriodSeconds"); grace && grace->is_int64())
    options.grace = std::max<int64_t>(0, grace->get_int64());
  const auto* orphans = object->if_contains("propagationPolicy");
  if (orphans && orphans->is_string() && orphans->get_string() == "Orphan")
    return Error(Kind::invalid,
                 "propagationPolicy Orphan is not supported: what an object owns goes with it");
  if (const auto* preconditions = object->if_contains("preconditions");
      preconditions && preconditions->is_object())
    if (const auto* uid = preconditions->get_object().if_contains("uid"); uid && uid->is_string())
      options.uid = std::string(uid->get_string());
  return options;
}
} // namespace

Api::Api(loop::Loop& loop, const Clock& clock, Store& store, Peers& peers, const Admission& admission,
         std::string key)
    : loop_(loop), clock_(clock), store_(store), peers_(peers), admission_(admission), key_(std::move(key)) {}

loop::Task<http::ServerResponse> Api::handle(http::ServerRequest request) {
  Call call;
  call.request = std::move(request);
  call.identity = peers_.identify(call.request.peer);
  if (call.identity.who == Identity::Who::nobody)
    co_return answer_status(401, "Unauthorized", "Unauthorized");
  const std::string& path = call.request.path;
  if (call.request.method == "GET") {
    if (const auto document = discovery(path))
      co_return answer_text(*document);
    if (path == "/openapi/v2")
      co_return openapi(call.header("accept"));
    if (path == "/podstep/v1/key")
      co_return answer_text(json::serialize(json::object{{"key", key_}}));
  }
  if (path.rfind("/podstep/", 0) != 0)
    if (auto route = parse_route(path)) {
      call.route = std::move(*route);
      co_return serve(call);
    }
  co_return answer_status(404, "NotFound", "the server could not find the requested resource");
}

http::ServerResponse Api::serve(Call& call) {
  if (auto unserved = unserved_form(call.header("accept"), call.header("content-type"), call.text("dryRun")))
    return answer_status(unserved->code, unserved->reason, unserved->message, call.route.kind,
                         call.route.name);
  http::ServerResponse response = resource(call);
  if (!call.warning.empty())
    response.headers["Warning"] = call.warning;
  return response;
}

http::ServerResponse Api::resource(Call& call) {
  const auto& route = call.route;
  auto labels = Selector::labels(call.text("labelSelector"));
  auto fields = Selector::fields(*route.kind, call.text("fieldSelector"));
  if (!labels || !fields)
    return answer_status(400, "BadRequest", (labels ? fields.error() : labels.error()).message);
  call.labels = std::move(*labels);
  call.fields = std::move(*fields);
  auto table = wanted_table(call.header("accept"), call.text("includeObject"));
  if (!table)
    return answer_status(400, "BadRequest", table.error().message);
  call.table = *table;
  const bool scales = route.subresource == "scale" && has_scale(route.kind->id);
  if (!route.subresource.empty() && !scales && !(route.subresource == "status" && route.kind->has_status)) {
    const Unserved unserved = unserved_subresource(*route.kind, route.subresource);
    return answer_status(unserved.code, unserved.reason, unserved.message, route.kind, route.name);
  }
  if (!route.name.empty())
    call.present = store_.get({route.kind->id, route.ns, route.name});
  return route.name.empty() ? collection(call) : one(call);
}

http::ServerResponse Api::collection(Call& call) {
  const std::string& method = call.request.method;
  if (method == "POST")
    return post(call);
  const bool watches = call.flag("watch");
  if (method != "GET" && method != "DELETE")
    return answer_status(405, "MethodNotAllowed",
                         "the server does not allow this method on the requested resource");
  if (auto may = authorize(call.identity, call.attempt(method == "DELETE" ? "deletecollection"
                                                       : watches          ? "watch"
                                                                          : "list"));
      !may)
    return answer_error(may.error(), call.route.kind);
  if (method == "DELETE")
    return erase_collection(call);
  return watches ? watch(call) : list(call);
}

http::ServerResponse Api::show(Call& call, const k8s::Object& object) {
  if (!call.table)
    return answer_object(object);
  return answer_text(table_text(*call.route.kind, {&object}, k8s::meta_of(object).resource_version,
                                *call.table, clock_.wall()));
}

http::ServerResponse Api::list(Call& call) {
  const auto& kind = *call.route.kind;
  if (call.table) {
    std::vector<const k8s::Object*> chosen;
    const auto all = store_.list(kind.id, call.route.ns);
    for (const auto& object : all)
      if (call.selects(*object))
        chosen.push_back(object.get());
    return answer_text(
        table_text(kind, chosen, std::to_string(store_.revision()), *call.table, clock_.wall()));
  }
  std::string text = cat("{\"kind\":\"", kind.kind, "List\",\"apiVersion\":\"", kind.api_version,
                         "\",\"metadata\":{\"resourceVersion\":\"", store_.revision(), "\"},\"items\":[");
  bool first = true;
  for (const auto& object : store_.list(kind.id, call.route.ns)) {
    if (!call.selects(*object))
      continue;
    text += first ? "" : ",";
    text += k8s::encode_text(*object);
    first = false;
  }
  return answer_text(text + "]}");
}

http::ServerResponse Api::watch(Call& call) {
  auto request = parse_watch(call.request.query);
  if (!request)
    return answer_status(400, "BadRequest", request.error().message);
  request->kind = call.route.kind->id;
  request->ns = call.route.ns;
  request->table = call.table;
  request->selects = [labels = call.labels, fields = call.fields](const k8s::Object& object) {
    return labels.matches_labels(object) && fields.matches_fields(object);
  };
  http::ServerResponse response;
  response.stream = [this, wanted = std::move(*request), held = peers_.hold(call.identity)](
                        http::Stream& to) { return stream_watch(loop_, clock_, store_, wanted, to); };
  return response;
}

http::ServerResponse Api::post(Call& call) {
  const auto& kind = *call.route.kind;
  auto object = call.decode_body();
  if (!object)
    return answer_status(400, "BadRequest", object.error().message, &kind);
  auto& meta = k8s::meta_of(*object);
  if (!call.route.ns.empty() && !meta.ns.empty() && meta.ns != call.route.ns)
    return answer_status(400, "BadRequest",
                         "the namespace of the object does not match the namespace on the URL", &kind);
  if (!call.route.ns.empty())
    meta.ns = call.route.ns;
  auto attempt = call.attempt("create");
  attempt.sent = &*object;
  if (auto may = authorize(call.identity, attempt); !may)
    return answer_error(may.error(), &kind);
  const std::string name = meta.name;
  auto created = create(std::move(*object));
  return created ? answer_object(**created, 201) : answer_error(created.error(), &kind, name);
}

Result<ObjectPtr> Api::create(k8s::Object object) {
  PODSTEP_CHECK(admission_.create(object, clock_.wall()));
  const Key key = key_of(object);
  if (store_.get(key))
    return Error(Kind::exists, cat(k8s::info(key.kind).plural, " \"", key.name, "\" already exists"));
  if (store_.size() >= objects_kept)
    return Error(Kind::unavailable, cat("the hub holds ", objects_kept, " objects already"));
  return store_.put(std::move(object));
}

http::ServerResponse Api::one(Call& call) {
  static const std::map<std::string, const char*> verbs = {
      {"GET", "get"}, {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
  const auto verb = verbs.find(call.request.method);
  const auto& route = call.route;
  if (verb == verbs.end() || (call.request.method == "DELETE" && !route.subresource.empty()))
    return answer_status(405, "MethodNotAllowed",
                         "the server does not allow this method on the requested resource");
  if (call.flag("watch") && call.request.method == "GET") // the old way to watch one object
    return answer_status(400, "BadRequest", "watch a single object by fieldSelector=metadata.name");
  const bool missing_pod = !call.present && route.kind->id == k8s::KindId::pod;
  if (auto may = authorize(call.identity, call.attempt(verb->second)); !may && !missing_pod)
    return answer_error(may.error(), route.kind, route.name);
  if (!call.present)
    return answer_status(404, "NotFound",
                         cat(route.kind->plural, " \"", printable(route.name), "\" not found"), route.kind,
                         route.name);
  if (route.subresource == "scale")
    return scale(call);
  if (call.request.method == "GET")
    return show(call, *call.present);
  if (call.request.method == "PUT")
    return put(call);
  return call.request.method == "PATCH" ? patch(call) : erase(call);
}

http::ServerResponse Api::put(Call& call) {
  auto object = call.decode_body();
  if (!object)
    return answer_status(400, "BadRequest", object.error().message, call.route.kind, call.route.name);
  const auto& meta = k8s::meta_of(*object);
  if (meta.name != call.route.name || (!meta.ns.empty() && meta.ns != call.route.ns))
    return answer_status(400, "BadRequest", "the name of the object does not match the name on the URL",
                         call.route.kind, call.route.name);
  return store_update(call, std::move(*object));
}

http::ServerResponse Api::patch(Call& call) {
  const std::string content_type = media_type(call.header("content-type"));
  auto body = k8s::parse_json(call.request.body, limits::object_bytes);
  if (!body)
    return answer_status(400, "BadRequest", body.error().message, call.route.kind, call.route.name);
  auto patched = k8s::apply_patch(*call.route.kind, k8s::encode(*call.present), content_type, *body);
  if (!patched)
    return answer_error(patched.error(), call.route.kind, call.route.name);
  auto object = k8s::decode(*patched);
  if (!object)
    return answer_error(object.error(), call.route.kind, call.route.name);
  if (auto understood = call.check_fields(*patched, *object); !understood)
    return answer_status(400, "BadRequest", understood.error().message, call.route.kind, call.route.name);
  if (key_of(*object) != key_of(*call.present))
    return answer_status(422, "Invalid", "a patch may not change kind, name or namespace", call.route.kind,
                         call.route.name);
  return store_update(call, std::move(*object));
}

http::ServerResponse Api::scale(Call& call) {
  const auto refuse = [&](const Error& error) {
    return answer_error(error, call.route.kind, call.route.name);
  };
  json::value asked = scale_of(*call.present);
  if (call.request.method == "GET")
    return answer_text(json::serialize(asked));
  auto body = k8s::parse_json(call.request.body, limits::object_bytes);
  if (!body)
    return answer_status(400, "BadRequest", body.error().message, call.route.kind, call.route.name);
  if (call.request.method == "PATCH") {
    auto patched = k8s::apply_patch(*call.route.kind, asked, media_type(call.header("content-type")), *body);
    if (!patched)
      return refuse(patched.error());
    asked = std::move(*patched);
  } else {
    asked = std::move(*body);
  }
  auto after = rescaled(*call.present, asked);
  if (!after)
    return refuse(after.error());
  auto stored = replace(call.present, std::move(*after), false);
  return stored ? answer_text(json::serialize(scale_of(**stored))) : refuse(stored.error());
}

http::ServerResponse Api::store_update(Call& call, k8s::Object after) {
  if (auto may = check_node_update(call.identity, *call.present, after); !may)
    return answer_error(may.error(), call.route.kind, call.route.name);
  auto stored = replace(call.present, std::move(after), call.route.subresource == "status");
  return stored ? answer_object(**stored) : answer_error(stored.error(), call.route.kind, call.route.name);
}

Result<ObjectPtr> Api::replace(const ObjectPtr& before, k8s::Object after, bool status) {
  PODSTEP_CHECK(status ? admission_.update_status(*before, after) : admission_.update(*before, after));
  k8s::meta_of(after).resource_version = k8s::meta_of(*before).resource_version;
  if (after == *before) // no change, no event, as in Kubernetes
    return before;
  return store_.put(std::move(after));
}

http::ServerResponse Api::erase(Call& call) {
  auto options = delete_options(call.request);
  if (!options)
    return answer_status(400, "BadRequest", options.error().message, call.route.kind, call.route.name);
  const auto& meta = k8s::meta_of(*call.present);
  if (!options->uid.empty() && options->uid != meta.uid)
    return answer_status(409, "Conflict",
                         cat("Precondition failed: UID in precondition: ", printable(options->uid),
                             ", UID in object meta: ", meta.uid),
                         call.route.kind, call.route.name);
  auto removed = remove(call.present, options->grace);
  if (!removed)
    return answer_error(removed.error(), call.route.kind, call.route.name);
  return answer_object(**removed);
}

Result<ObjectPtr> Api::remove(const ObjectPtr& object, std::optional<int64_t> grace) {
  const auto* pod = std::get_if<k8s::Pod>(object.get());
  const Key key = key_of(*object);
  if (!pod)
    return store_.remove(key);
  const auto& meta = pod->metadata;
  int64_t seconds = grace.value_or(pod->spec.termination_grace_period_seconds);
  if (meta.deletion_grace_period_seconds) // grace may only shrink
    seconds = std::min(seconds, *meta.deletion_grace_period_seconds);
  const bool ended = pod->status.phase == "Succeeded" || pod->status.phase == "Failed";
  if (seconds <= 0 || pod->spec.node_name.empty() || (ended && !grace))
    return store_.remove(key);
  if (meta.deletion_grace_period_seconds == seconds)
    return object; // being deleted already, with no more time than that
  k8s::Pod after = *pod;
  after.metadata.deletion_timestamp = to_rfc3339(clock_.wall() + std::chrono::seconds(seconds));
  after.metadata.deletion_grace_period_seconds = seconds;
  ++after.metadata.generation;
  return store_.put(std::move(after));
}

http::ServerResponse Api::erase_collection(Call& call) {
  auto options = delete_options(call.request);
  if (!options)
    return answer_status(400, "BadRequest", options.error().message, call.route.kind);
  for (const auto& object : store_.list(call.route.kind->id, call.route.ns))
    if (call.selects(*object))
      if (auto removed = remove(object, options->grace); !removed)
        return answer_error(removed.error(), call.route.kind, k8s::meta_of(*object).name);
  return answer_status(200, "", "", call.route.kind);
}

} // namespace podstep::hub
