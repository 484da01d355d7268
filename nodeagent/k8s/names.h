// The forms that names, labels and numbers of the Kubernetes API must have, as sentences about what is wrong
// with one. Source: Kubernetes documentation, "Object Names and IDs", "Labels and Selectors"; RFC 1123, RFC
// 6335.
#pragma once
#include <string>
#include <string_view>

namespace podstep::k8s {

// Each returns an empty text when `text` is right, else what goes after its path: `must be ...`.
std::string dns_label_mistake(std::string_view text);     ///< RFC 1123 label: containers, volumes
std::string dns_subdomain_mistake(std::string_view text); ///< RFC 1123 subdomain: objects
std::string
qualified_name_mistake(std::string_view text); ///< key of a label, an annotation, an extended resource
std::string label_value_mistake(std::string_view text);
std::string port_name_mistake(std::string_view text); ///< RFC 6335 service name
std::string env_name_mistake(std::string_view text);

} // namespace podstep::k8s
