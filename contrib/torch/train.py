#!/usr/bin/python3
"""A small data-parallel training of the chat example's model: each rank takes its share of every batch, gradients are averaged over the ranks.

RANK and WORLD_SIZE say who one is; all ranks meet at --store, a file that they share. The text is the Python library's own source, as bytes.
Rank 0 prints `BACKEND step N loss X` and at last `BACKEND N steps S tokens per second, gradients MS ms`.
"""
import argparse
import os
import pathlib
import sysconfig
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from network import SHAPE, Network


def text(limit):
    """Bytes as tokens: the model's vocabulary has room for them."""
    out = bytearray()
    for path in sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py")):
        out += path.read_bytes()
        if len(out) >= limit:
            break
    return torch.frombuffer(out, dtype=torch.uint8)[:limit].long()


def batch(data, step, rank, ranks, rows, context):
    """The rank's rows of that step's batch, the same whatever the backend."""
    g = torch.Generator().manual_seed(step)
    starts = torch.randint(0, len(data) - context - 1, (rows * ranks,), generator=g)[rank::ranks]
    windows = torch.stack([data[s:s + context + 1] for s in starts])
    return windows[:, :-1], windows[:, 1:]


def loss_of(network, x, y):
    return torch.nn.functional.cross_entropy(network(x).flatten(0, 1), y.flatten())


def train(backend, group, o):
    """All steps from the same start; the losses, averaged over the ranks."""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(1)
    plain = Network(dict(SHAPE, layers=o.layers, context=o.context)).to(o.device)
    network = DistributedDataParallel(plain, process_group=group)
    optimiser = torch.optim.SGD(plain.parameters(), lr=0.3)
    data, losses = text(1 << 20), []
    began = time.perf_counter()
    for step in range(o.steps):
        loss = loss_of(network, *(part.to(o.device) for part in batch(data, step, rank, ranks, o.rows, o.context)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimiser.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean, op=dist.ReduceOp.SUM, group=group)
        losses.append(mean.item() / ranks)
        if rank == 0:
            print(f"{backend} step {step} loss {losses[-1]:.6f}", flush=True)
    speed = o.steps * o.rows * ranks * o.context / (time.perf_counter() - began)
    weights = torch.cat([p.detach().flatten() for p in plain.parameters()])
    took = gradients(weights, group)
    if rank == 0:
        print(f"{backend} {o.steps} steps {speed:.0f} tokens per second, gradients {took:.2f} ms", flush=True)
    return losses, weights


def gradients(like, group):
    """Milliseconds of one all_reduce as large as all gradients, the best of several."""
    best, data = float("inf"), torch.zeros_like(like)
    for _ in range(8):
        dist.barrier(group=group)
        began = time.perf_counter()
        dist.all_reduce(data, group=group)
        if data.is_cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--store", required=True)
    p.add_argument("--backends", nargs="+", default=["podstep"], help="one after another, each from the same start: podstep gloo nccl")
    p.add_argument("--device", default="cpu", help="cpu, or cuda: gloo and nccl only")
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--rows", type=int, default=4, help="of each rank in each step")
    p.add_argument("--context", type=int, default=64)
    p.add_argument("--layers", type=int, default=SHAPE["layers"])
    p.add_argument("--timeout", type=int, default=120, help="seconds")
    o = p.parse_args()
    if "podstep" in o.backends:
        import torch_podstep  # noqa: F401  registers the backend
    torch.set_num_threads(1)
    rank, ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group(o.backends[0], init_method="file://" + o.store, rank=rank, world_size=ranks, timeout=timedelta(seconds=o.timeout))
    results = []
    for i, backend in enumerate(o.backends):
        group = dist.group.WORLD if i == 0 else dist.new_group(backend=backend)
        results.append(train(backend, group, o))
    losses, weights = results[0]
    for backend, (other, others) in zip(o.backends[1:], results[1:]):
        apart = max(abs(a - b) for a, b in zip(losses, other))
        far = (weights - others).abs().max().item()
        if rank == 0:
            print(f"{o.backends[0]} and {backend}: losses at most {apart:.2g} apart, weights {far:.2g}", flush=True)
        if apart > 1e-4 or far > 1e-3 or losses[-1] >= losses[0]:
            raise SystemExit("the two backends do not train alike, or nothing was learnt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
