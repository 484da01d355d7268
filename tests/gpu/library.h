// A shared library by dlopen, with its functions by name: what is missing is an error that says so.
#pragma once
#include "common/result.h"
#include "common/text.h"
#include <dlfcn.h>
#include <memory>

namespace gpu {

using podstep::Error;
using podstep::Kind;
using podstep::Result;

class Library {
public:
  /// Error: not_found, with the loader's words.
  static Result<Library> open(const std::string& name) {
    void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      return Error(Kind::not_found, dlerror());
    return Library(handle, name);
  }

  /// Error: unsupported, naming the function.
  template<class F> Result<void> find(F*& function, const char* name) const {
    function = reinterpret_cast<F*>(dlsym(handle_.get(), name));
    if (!function)
      return Error(Kind::unsupported, podstep::cat(name_, " has no ", name));
    return {};
  }

private:
  /// Neither CUDA nor NCCL survives being unloaded.
  struct Keep {
    void operator()(void*) const {}
  };
  Library(void* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  std::unique_ptr<void, Keep> handle_;
  std::string name_;
};

} // namespace gpu
