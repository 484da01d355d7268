#!/usr/bin/python3
"""Every collective of the backend `podstep` against the same computed plainly; run with the number of ranks. Prints one line, or a trace.

Each rank knows what every other rank put in (seeded by rank), so it can compute the result alone. Forked after torch is loaded.
"""
import gc
import os
import sys
import tempfile
import time
import traceback
from datetime import timedelta

import torch
import torch.distributed as dist

import torch_podstep  # noqa: F401  registers the backend

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTS = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64]
# Odd sizes around the points where the algorithm or the number of messages changes (32 KiB, 512 KiB).
SIZES = [(), (1,), (0,), (7,), (3, 5), (1021,), (8192,), (8193,), (131072 + 3,), (400001,)]
OPS = dist.ReduceOp


def sample(rank, shape, dtype, salt=0):
    """What that rank has; small whole numbers, so that no sum depends on its order."""
    g = torch.Generator().manual_seed(rank * 1000 + salt)
    if dtype == torch.bool:
        return torch.randint(0, 2, shape, generator=g).to(dtype)
    low = 0 if dtype == torch.uint8 else -4
    return torch.randint(low, 5, shape, generator=g).to(dtype)


def same(got, want, what):
    if got.dtype != want.dtype or got.shape != want.shape or not torch.equal(got, want):
        raise AssertionError(f"{what}: got {got.flatten()[:8]}, want {want.flatten()[:8]}")


def everybody(shape, dtype, salt=0):
    return [sample(r, shape, dtype, salt) for r in range(dist.get_world_size())]


def fold(tensors, op):
    out = tensors[0].clone()
    for t in tensors[1:]:
        if op == OPS.SUM or op == OPS.AVG:
            out = out | t if t.dtype == torch.bool else out + t
        elif op == OPS.PRODUCT:
            out = out & t if t.dtype == torch.bool else out * t
        elif op == OPS.MIN:
            out = torch.minimum(out, t)
        elif op == OPS.MAX:
            out = torch.maximum(out, t)
        elif op == OPS.BAND:
            out = out & t
        elif op == OPS.BOR:
            out = out | t
        else:
            out = out ^ t
    if op == OPS.AVG:
        n = len(tensors)
        out = out / n if out.is_floating_point() else torch.div(out, n, rounding_mode="trunc")
    return out


def all_reduce(rank, ranks):
    for dtype in FLOATS + INTS + [torch.bool]:
        numbers = [OPS.SUM, OPS.PRODUCT, OPS.MIN, OPS.MAX] + ([] if dtype == torch.bool else [OPS.AVG])
        for op in numbers + ([] if dtype in FLOATS else [OPS.BAND, OPS.BOR, OPS.BXOR]):
            for shape in SIZES if dtype in (torch.float32, torch.bfloat16) and op == OPS.SUM else [(7,), (8193,)]:
                mine = sample(rank, shape, dtype)
                dist.all_reduce(mine, op=op)
                same(mine, fold(everybody(shape, dtype), op), f"all_reduce {dtype} {op} {shape}")
    mine = torch.complex(sample(rank, (500,), torch.float32), sample(rank, (500,), torch.float32, 1))
    dist.all_reduce(mine)
    want = torch.complex(fold(everybody((500,), torch.float32), OPS.SUM), fold(everybody((500,), torch.float32, 1), OPS.SUM))
    same(mine, want, "all_reduce complex")


def not_contiguous(rank, ranks):
    shape = (60, 300)
    for view in (lambda t: t.t(), lambda t: t[::2, 1::3], lambda t: t.expand(2, 60, 300)[1].t()):
        mine = sample(rank, shape, torch.float32)
        whole = mine.clone()
        dist.all_reduce(view(mine))
        view(whole).copy_(view(fold(everybody(shape, torch.float32), OPS.SUM)))
        same(mine, whole, "all_reduce of a view, and nothing beside it")
    mine = sample(rank, shape, torch.int32)
    into = torch.zeros(300, 60 * ranks, dtype=torch.int32).t()
    dist.all_gather(list(into.chunk(ranks)), mine)
    same(into.contiguous(), torch.cat(everybody(shape, torch.int32)), "all_gather into views")
    mine = sample(rank, shape, torch.int32).t() if rank == 0 else torch.zeros(60, 300, dtype=torch.int32).t()
    dist.broadcast(mine, 0)
    same(mine.t().contiguous(), sample(0, shape, torch.int32), "broadcast of a view")


def broadcast_and_reduce(rank, ranks):
    for root in range(ranks):
        for shape in SIZES + [(600000,)]:
            mine = sample(rank, shape, torch.float32)
            dist.broadcast(mine, root)
            same(mine, sample(root, shape, torch.float32), f"broadcast {shape} from {root}")
            mine = sample(rank, shape, torch.int64)
            dist.reduce(mine, root, op=OPS.MAX)
            want = fold(everybody(shape, torch.int64), OPS.MAX) if rank == root else sample(rank, shape, torch.int64)
            same(mine, want, f"reduce {shape} to {root}")


def gathers(rank, ranks):
    for dtype in FLOATS + INTS + [torch.bool, torch.complex64]:
        for shape in SIZES:
            mine = sample(rank, shape, dtype)
            out = [torch.empty(shape, dtype=dtype) for _ in range(ranks)]
            dist.all_gather(out, mine)
            for got, want in zip(out, everybody(shape, dtype)):
                same(got, want, f"all_gather {dtype} {shape}")
    for shape in [(6,), (2, 9), (40000,)]:
        out = torch.empty((ranks * shape[0],) + shape[1:], dtype=torch.float16)
        dist.all_gather_into_tensor(out, sample(rank, shape, torch.float16))
        same(out, torch.cat(everybody(shape, torch.float16)), "all_gather_into_tensor")
        out = [torch.empty(shape) for _ in range(ranks)] if rank == ranks - 1 else None
        dist.gather(sample(rank, shape, torch.float32), out, dst=ranks - 1)
        for got, want in zip(out or [], everybody(shape, torch.float32)):
            same(got, want, "gather")
        got = torch.empty(shape)
        dist.scatter(got, everybody(shape, torch.float32, 5) if rank == 0 else None, src=0)
        same(got, sample(rank, shape, torch.float32, 5), "scatter")
    objects = [None] * ranks
    dist.all_gather_object(objects, {"rank": rank, "text": "x" * rank * 1000})
    assert objects == [{"rank": r, "text": "x" * r * 1000} for r in range(ranks)], objects


def reduce_scatters(rank, ranks):
    for dtype, op in [(torch.float32, OPS.SUM), (torch.bfloat16, OPS.AVG), (torch.int32, OPS.MIN), (torch.uint8, OPS.BXOR), (torch.float64, OPS.PRODUCT)]:
        for shape in [(), (1,), (7,), (5, 3), (4097,), (150001,)]:
            mine = [sample(rank, shape, dtype, 10 + r) for r in range(ranks)]
            before = [t.clone() for t in mine]
            got = torch.empty(shape, dtype=dtype)
            dist.reduce_scatter(got, mine, op=op)
            same(got, fold(everybody(shape, dtype, 10 + rank), op), f"reduce_scatter {dtype} {shape}")
            for a, b in zip(mine, before):
                same(a, b, "the input of a reduce_scatter")
    whole = torch.stack([sample(rank, (3000,), torch.float32, 20 + r) for r in range(ranks)])
    got = torch.empty(3000)
    dist.reduce_scatter_tensor(got, whole)
    same(got, fold(everybody((3000,), torch.float32, 20 + rank), OPS.SUM), "reduce_scatter_tensor")


def all_to_alls(rank, ranks):
    for shape in [(1,), (7, 3), (200000,)]:
        mine = [sample(rank, shape, torch.int32, 30 + r) for r in range(ranks)]
        got = [torch.empty(shape, dtype=torch.int32) for _ in range(ranks)]
        dist.all_to_all(got, mine)
        for r in range(ranks):
            same(got[r], sample(r, shape, torch.int32, 30 + rank), "all_to_all")
    rows = lambda a, b: (a + 2 * b) % 4  # what rank a has for rank b
    mine = torch.cat([sample(rank, (rows(rank, r), 5), torch.float64, 40 + r) for r in range(ranks)])
    got = torch.empty(sum(rows(r, rank) for r in range(ranks)), 5, dtype=torch.float64)
    dist.all_to_all_single(got, mine, [rows(r, rank) for r in range(ranks)], [rows(rank, r) for r in range(ranks)])
    same(got, torch.cat([sample(r, (rows(r, rank), 5), torch.float64, 40 + rank) for r in range(ranks)]), "all_to_all_single")


def messages(rank, ranks):
    left, right = (rank - 1) % ranks, (rank + 1) % ranks
    for shape in SIZES:
        got = torch.empty(shape)
        works = [dist.irecv(got, left, tag=3), dist.isend(sample(rank, shape, torch.float32), right, tag=3)]
        for w in works:
            w.wait()
        same(got, sample(left, shape, torch.float32), f"a message of {shape}")
    out = [sample(rank, (n,), torch.int64, n) for n in (5, 50000, 1)]
    got = [torch.empty(n, dtype=torch.int64) for n in (5, 50000, 1)]
    ops = [dist.P2POp(dist.isend, t, right, tag=i) for i, t in enumerate(out)]
    ops += [dist.P2POp(dist.irecv, got[i], left, tag=i) for i in (2, 0, 1)]
    for w in dist.batch_isend_irecv(ops):
        w.wait()
    for t in got:
        same(t, sample(left, t.shape, torch.int64, len(t)), "messages out of order")
    if rank == 0:
        dist.send(torch.arange(9).reshape(3, 3).t(), 1)
    if rank == 1:
        square = torch.zeros(3, 3, dtype=torch.int64).t()
        dist.recv(square, 0)
        same(square.contiguous(), torch.arange(9).reshape(3, 3).t().contiguous(), "a view")


def asynchronous(rank, ranks):
    data = [sample(rank, (n,), torch.float32) for n in (10, 200000, 1, 40000)]
    works = [dist.all_reduce(t, async_op=True) for t in data]
    future = works[1].get_future()
    squared = future.then(lambda f: f.value()[0] * 2)
    deadline = time.time() + 30
    while not all(w.is_completed() for w in works):  # nobody waits: the backend moves by itself
        assert time.time() < deadline, "asynchronous operations do not end by themselves"
        time.sleep(0.001)
    for t in data:
        same(t, fold(everybody(t.shape, torch.float32), OPS.SUM), "asynchronous all_reduce")
    same(squared.wait(), data[1] * 2, "a future's value")
    for w in works:
        w.wait()
    dist.barrier()


def groups(rank, ranks):
    half = dist.new_group([0, ranks - 1], timeout=timedelta(seconds=30))
    if rank in (0, ranks - 1):
        one = torch.tensor([float(rank)])
        dist.all_reduce(one, group=half)
        same(one, torch.tensor([float(ranks - 1)]), "a group of two")
    gloo = dist.new_group(backend="gloo")
    one = torch.ones(3)
    dist.all_reduce(one, group=gloo)
    same(one, torch.full((3,), float(ranks)), "gloo beside it")
    dist.barrier()


def ended_early(rank, ranks):
    """A group goes while an operation is under way whose future calls Python; its handle goes after it, at last with the callback itself."""
    for keeps in (False, True):
        told = []
        group = dist.new_group(list(range(ranks)), timeout=timedelta(seconds=2 if keeps else 30))
        dist.barrier()
        if rank == 0:
            work = dist.all_reduce(torch.ones(1000), group=group, async_op=True)
            work.get_future().add_done_callback(lambda f, kept=work if keeps else None: told.append(kept is None))
            del work
        dist.destroy_process_group(group)
        del group
        gc.collect()
        deadline = time.time() + 30
        while rank == 0 and not told:
            assert time.time() < deadline, "what was under way has no end"
            time.sleep(0.001)
        dist.barrier()


def parallel_module(rank, ranks):
    torch.manual_seed(5)
    net = torch.nn.Sequential(torch.nn.Linear(30, 200), torch.nn.ReLU(), torch.nn.Linear(200, 3))
    plain = torch.nn.Sequential(torch.nn.Linear(30, 200), torch.nn.ReLU(), torch.nn.Linear(200, 3))
    plain.load_state_dict(net.state_dict())
    wrapped = torch.nn.parallel.DistributedDataParallel(net)
    x = torch.randn(8 * ranks, 30)
    wrapped(x[rank::ranks]).square().mean().backward()
    plain(x).square().mean().backward()
    for a, b in zip(net.parameters(), plain.parameters()):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-5, atol=1e-6)


def refusals(rank, ranks):
    for call, words in [
        (lambda: dist.all_reduce(torch.ones(3), op=OPS.BAND), "cannot be done"),
        (lambda: dist.all_reduce(torch.ones(3, dtype=torch.float8_e5m2)), "of Float8_e5m2 is not supported"),
        (lambda: dist.all_gather([torch.ones(3)] * ranks, torch.ones(4)), "16 bytes do not go into 12"),
        (lambda: dist.all_gather([torch.ones(3)] * (ranks + 1), torch.ones(3)), "tensors for"),
        (lambda: dist.all_to_all_single(torch.ones(ranks * 2 + 1), torch.ones(ranks * 2 + 1)), "does not split"),
    ]:
        try:
            call()
        except Exception as e:
            assert words in str(e), e
        else:
            raise AssertionError(f"not refused: {words}")
    dist.barrier()


CASES = [all_reduce, not_contiguous, broadcast_and_reduce, gathers, reduce_scatters, all_to_alls, messages, asynchronous, groups, ended_early, parallel_module, refusals]


def one_rank(rank, ranks, store):
    torch.set_num_threads(1)
    dist.init_process_group("podstep", init_method="file://" + store, rank=rank, world_size=ranks, timeout=timedelta(seconds=60))
    for case in CASES:
        case(rank, ranks)
    if rank == 0:
        print(f"{len(CASES)} cases, {ranks} ranks, all as computed plainly", flush=True)
    dist.barrier()
    dist.destroy_process_group()


def lonely(rank, ranks, store):
    """Rank 1 dies; the others must say so, soon."""
    dist.init_process_group("podstep", init_method="file://" + store, rank=rank, world_size=ranks, timeout=timedelta(seconds=60))
    dist.barrier()
    if rank == 1:
        os.kill(os.getpid(), 9)
    began = time.time()
    try:
        dist.all_reduce(torch.ones(1000000))
    except dist.DistBackendError as e:
        if rank == 0:
            print(f"after {'less' if time.time() - began < 30 else 'more'} than 30 s: {e}", flush=True)
        return
    raise AssertionError("nobody noticed")


def main():
    ranks, what = int(sys.argv[1]), lonely if "--death" in sys.argv else one_rank
    children = []
    with tempfile.TemporaryDirectory() as folder:
        for rank in range(ranks):
            child = os.fork()
            if child == 0:
                try:
                    what(rank, ranks, folder + "/store")
                    os._exit(0)
                except BaseException:
                    traceback.print_exc()
                    sys.stderr.flush()
                    os._exit(1)
            children.append(child)
        bad = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(1 if any(s not in ([0, 9] if what is lonely else [0]) for s in bad) else 0)


if __name__ == "__main__":
    main()
