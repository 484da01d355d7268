// The few questions that CUDA's driver answers, by dlopen: one library for nodes with and without a GPU.
#pragma once
#include <cstdint>

namespace podstep::fabric {

/// Whether libcuda.so.1 is there and has a device.
bool cuda_present();
/// The ordinal of the GPU whose memory `pointer` is; -1 when it is none.
int cuda_device_of(const void* pointer);

} // namespace podstep::fabric
