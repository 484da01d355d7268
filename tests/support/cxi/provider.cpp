// Where libfabric enters the fake cxi, and what its files share: the line for a broken rule, the names of
// errors.
#include "tests/support/cxi/cxi.h"
#include <cstdio>
#include <rdma/providers/fi_prov.h>

namespace fakecxi {

int breaks(const char* clause, const std::string& what, int rc) {
  fprintf(stderr, "fake cxi: %s: %s\n", clause, what.c_str());
  return rc;
}

int Entry::check() const {
  if (first_)
    return 0;
  return breaks("F-CXI-10", "a second thread in a domain of FI_THREAD_DOMAIN", -FI_EINVAL);
}

int error_of(Reason reason) {
  switch (reason) {
  case Reason::vni_not_found:
    return FI_ENOTCONN;
  case Reason::truncated:
    return FI_ETRUNC;
  case Reason::canceled:
    return FI_ECANCELED;
  default:
    return FI_EIO;
  }
}

const char* name_of(Reason reason) {
  static const char* const names[] = {"OK",        "VNI_NOT_FOUND", "PTLTE_NOT_FOUND", "ENTRY_NOT_FOUND",
                                      "TRUNCATED", "CANCELED",      "UNDELIVERABLE",   "SHM"};
  return names[int(reason)];
}

} // namespace fakecxi

extern "C" __attribute__((visibility("default"))) fi_provider* fi_prov_ini() {
  static fi_provider out = {};
  out.version = FI_VERSION(2, 5);
  out.fi_version = FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION);
  out.name = "cxi";
  out.getinfo = fakecxi::get_info;
  out.fabric = fakecxi::open_fabric;
  out.cleanup = [] {};
  return &out;
}
