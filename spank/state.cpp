// The one state of the plugin: see state.h.
#include "spank/state.h"

namespace podstep::spank {

State& state() {
  static State* the_state = new State;
  return *the_state;
}

} // namespace podstep::spank
