#!/usr/bin/python3
"""all_reduce of the backend `podstep` beside gloo's between two processes, in turn: figures for tests/bench/torch. Arguments: a name before each, and
the open file of a network namespace, if the second process is to be in another one."""
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta

import torch
import torch.distributed as dist

import torch_podstep  # noqa: F401  registers the backend

SIZES = {"4K": 4 << 10, "16K": 16 << 10, "64K": 64 << 10, "256K": 256 << 10, "1M": 1 << 20, "4M": 4 << 20, "16M": 16 << 20, "64M": 64 << 20}
TURNS = 15
TURN_SECONDS = 0.06


def turn(data, group, count):
    """Microseconds of one operation, over `count` of them in a row."""
    dist.barrier(group=group)
    began = time.perf_counter()
    for _ in range(count):
        dist.all_reduce(data, group=group)
    return (time.perf_counter() - began) / count * 1e6


def figure(name, values, unit):
    print(f"figure\t{name}\t{statistics.median(values):.6g}\t{min(values):.6g}\t{max(values):.6g}\t{unit}", flush=True)


def rank_main(rank, store, prefix):
    torch.set_num_threads(1)
    # A core for each rank with all its threads, as a job would have it: two ranks on one core measure the scheduler.
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    dist.init_process_group("podstep", init_method="file://" + store, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    ours, gloo = dist.group.WORLD, dist.new_group(backend="gloo")
    for name, size in SIZES.items():
        data = torch.zeros(size // 4)
        # Both ranks must run the same number: rank 0 says how many.
        took = torch.tensor([max(turn(data, g, 3) for g in (ours, gloo, ours, gloo))])
        dist.broadcast(took, 0)
        count = max(1, min(2000, int(TURN_SECONDS * 1e6 / took.item())))
        pairs = [(turn(data, ours, count), turn(data, gloo, count)) for _ in range(TURNS)]
        if rank == 0:
            figure(f"{prefix}-podstep-all-reduce-{name}", [a for a, _ in pairs], "us")
            figure(f"{prefix}-gloo-all-reduce-{name}", [b for _, b in pairs], "us")
            figure(f"{prefix}-podstep-all-reduce-{name}-ratio", [b / a for a, b in pairs], "x")
    dist.barrier()
    dist.destroy_process_group()


def main():
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            if len(sys.argv) > 2:
                os.setns(int(sys.argv[2]), os.CLONE_NEWNET)
            rank_main(1, folder + "/store", sys.argv[1])
            os._exit(0)
        rank_main(0, folder + "/store", sys.argv[1])
        sys.exit(os.waitpid(child, 0)[1] != 0)


if __name__ == "__main__":
    main()
