// Answers of the API: objects, and errors as metav1.Status (Kubernetes API: Status).
#pragma once
#include "nodeagent/http/server.h"
#include "nodeagent/k8s/codec.h"

namespace podstep::hub {

http::ServerResponse answer_object(const k8s::Object& object, int status = 200);
http::ServerResponse answer_text(std::string json, int status = 200);
/// `kind` and `name` go into details where they are known.
http::ServerResponse answer_error(const Error& error, const k8s::KindInfo* kind = nullptr,
                                  const std::string& name = {});
http::ServerResponse answer_status(int code, const std::string& reason, const std::string& message,
                                   const k8s::KindInfo* kind = nullptr, const std::string& name = {});
/// The JSON of a Status, for an ERROR event inside a watch.
std::string status_json(int code, const std::string& reason, const std::string& message,
                        const k8s::KindInfo* kind = nullptr, const std::string& name = {});

} // namespace podstep::hub
