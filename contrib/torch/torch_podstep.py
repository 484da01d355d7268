"""The backend `podstep` of torch.distributed: import this, then init_process_group("podstep"). Host tensors over libpodstep-fabric."""
import torch.distributed

import _torch_podstep

if "podstep" not in torch.distributed.Backend.backend_list:
    torch.distributed.Backend.register_backend("podstep", _torch_podstep.create, devices=["cpu"])
