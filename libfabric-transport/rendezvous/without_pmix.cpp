// Meeting by PMIx where the library was built without its headers: a sentence.
#include "libfabric-transport/rendezvous/place.h"

namespace podstep::fabric {

Result<std::unique_ptr<Place>> place_of_pmix(const std::string&, Clock&) {
  return Error(Kind::unsupported, "libpodstep-fabric was built without PMIx",
               "use another PODSTEP_FABRIC_RENDEZVOUS");
}

} // namespace podstep::fabric
