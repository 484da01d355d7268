// Connections whose peer is not known (yet): few at a time, so that whoever opens many takes no room from the
// peers that are known. Private to http/.
#pragma once
#include "common/limits.h"
#include <functional>
#include <list>

namespace podstep::http {

class Strangers {
public:
  /// One such connection, from its first byte until the peer is known or gone. When limits::strangers are
  /// there already, the oldest of them is closed: a handshake takes milliseconds, a peer in good faith is
  /// through with it long before.
  class Place {
  public:
    Place(Strangers& all, std::function<void()> close) : all_(all), close_(std::move(close)) {
      if (all_.places_.size() >= limits::strangers)
        all_.places_.front()->give_up();
      at_ = all_.places_.insert(all_.places_.end(), this);
    }
    ~Place() { leave(); }
    Place(Place&&) = delete;
    Place& operator=(Place&&) = delete;
    /// The peer is known: it counts no more.
    void leave() {
      if (at_ != all_.places_.end())
        all_.places_.erase(at_);
      at_ = all_.places_.end();
    }

  private:
    void give_up() {
      leave();
      close_();
    }
    Strangers& all_;
    std::function<void()> close_;
    std::list<Place*>::iterator at_;
  };

private:
  std::list<Place*> places_;
};

} // namespace podstep::http
