// The SHA-256 of a certificate: how hub and agents know each other.
#pragma once
#include <openssl/x509.h>
#include <string>

namespace podstep::http {

/// Lower-case hex of the SHA-256 over the certificate's DER; empty for a null pointer.
std::string fingerprint(const X509* certificate);

} // namespace podstep::http
