// A key pair and its self-signed certificate, made in memory and never written anywhere.
#include "common/text.h"
#include "nodeagent/http/fingerprint.h"
#include "nodeagent/http/server.h"
#include <memory>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace podstep::http {

namespace {
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// The clocks of two nodes may differ: valid from an hour ago.
constexpr long clock_slack_seconds = 3600;

Error openssl_error(std::string_view what) {
  char text[256] = "no detail";
  if (auto code = ERR_get_error())
    ERR_error_string_n(code, text, sizeof text);
  return Error(cat("make identity: ", what, ": ", text));
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<size_t>(size));
}

bool set_serial(X509* certificate) {
  unsigned char random[8];
  if (RAND_bytes(random, sizeof random) != 1)
    return false;
  random[0] &= 0x7f; // positive
  uint64_t serial = 0;
  for (unsigned char byte : random)
    serial = serial << 8 | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

/// The name in the form in which clients that do not pin look for it (RFC 6125, 6.4.4).
bool set_alternative_name(X509* certificate, const std::string& common_name) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, cat("DNS:", common_name).c_str()),
      &X509_EXTENSION_free);
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& common_name, Duration lifetime) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -clock_slack_seconds) &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), seconds + clock_slack_seconds) &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && set_alternative_name(certificate, common_name) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}
} // namespace

std::string fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!certificate || X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
    return {};
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += hex[digest[i] >> 4];
    out += hex[digest[i] & 15];
  }
  return out;
}

Result<TlsIdentity> make_identity(const std::string& common_name, Duration lifetime) {
  Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  if (!key)
    return openssl_error("P-256 key");
  Certificate certificate(X509_new(), &X509_free);
  if (!certificate || !fill(certificate.get(), key.get(), common_name, lifetime))
    return openssl_error("certificate");
  Memory certificate_text(BIO_new(BIO_s_mem()), &BIO_free), key_text(BIO_new(BIO_s_mem()), &BIO_free);
  if (!certificate_text || !key_text || PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("PEM");
  return TlsIdentity{text_of(certificate_text.get()), text_of(key_text.get()),
                     fingerprint(certificate.get())};
}

} // namespace podstep::http
