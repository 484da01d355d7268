#!/usr/bin/python3
"""Trains the network on train.jsonl and keeps what is needed to go on: checkpoint.pt, log.tsv (seconds, tokens, bits per byte held out).

Learning rate: constant, then linear to zero over the last DECAY tokens before TOKENS. The decay can be brought forward at any time by `touch DIR/decay`.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from network import SHAPE, Network

END = 0  # <|endoftext|>, also the separator of documents


def tokenizer(path, texts):
    """Byte-level BPE, GPT-2's pre-tokenizer: what llama.cpp reads as model gpt2, pre gpt-2."""
    if os.path.exists(path):
        return Tokenizer.from_file(path)
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=SHAPE["vocabulary"], special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.save(path)
    return made


def load(path, made, cache):
    """All documents of a file as one array of tokens, each behind END; and their bytes."""
    texts = [json.loads(line)["text"] for line in open(path)]
    size = sum(len(t.encode()) for t in texts)
    if not os.path.exists(cache):
        parts = []
        for coded in made.encode_batch(texts):
            parts += [np.array([END], np.uint16), np.array(coded.ids, np.uint16)]
        np.save(cache, np.concatenate(parts))
    return np.load(cache), size


def batches(data, seed, start, count, context):
    """Windows of the shuffled corpus; a function of the step, so that a resumed run goes on where it stopped."""
    windows = (len(data) - 1) // context
    step = start
    while True:
        epoch, at = divmod(step * count, windows - windows % count)
        order = np.random.default_rng([seed, epoch, context]).permutation(windows)
        chosen = order[at:at + count] * context
        x = torch.from_numpy(np.stack([data[i:i + context + 1] for i in chosen]).astype(np.int64))
        yield x[:, :-1], x[:, 1:]
        step += 1


@torch.no_grad()
def bits_per_byte(network, data, size, context, most):
    """Over non-overlapping windows of `context` tokens of the first `most` tokens; bytes are counted in proportion of tokens."""
    data = data[:most + 1]
    windows = (len(data) - 1) // context
    nats = 0.0
    for i in range(0, windows, 8):
        rows = [data[w * context:w * context + context + 1] for w in range(i, min(i + 8, windows))]
        x = torch.from_numpy(np.stack(rows).astype(np.int64))
        nats += network.loss(x[:, :-1], x[:, 1:]).item() * x[:, 1:].numel()
    return nats / (windows * context) / math.log(2) / size


class Muon(torch.optim.Optimizer):
    """Momentum, then the nearest orthogonal matrix by five Newton-Schulz steps (K. Jordan, "Muon", 2024)."""

    def __init__(self, params, lr, momentum=0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for shape, alike in shapes.items():  # one batched product per shape: many small ones cost more than the network itself
                state = self.state[alike[0]]
                g = torch.stack([p.grad for p in alike])
                v = state.setdefault("momentum", torch.zeros_like(g))
                v.lerp_(g, 1 - group["momentum"])
                update = orthogonal(g.lerp(v, group["momentum"]))
                scale = -group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                for p, u in zip(alike, update):
                    p.mul_(1 - group["lr"] * 0.02).add_(u, alpha=scale)


def orthogonal(g):
    """The orthogonal factor of each matrix of a stack, roughly: singular values end between 0.7 and 1.2."""
    flip = g.shape[1] > g.shape[2]
    x = (g.mT if flip else g).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x.mT @ x
        x = 3.4445 * x + x @ (-4.7750 * a + 2.0315 * a @ a)
    return (x.mT if flip else x).float()


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("data")
    a.add_argument("--tokens", type=float, default=2.8e6)
    a.add_argument("--decay", type=float, default=1.8e6)
    a.add_argument("--batch", type=int, default=4096, help="tokens per step")
    a.add_argument("--micro", type=int, default=2048, help="tokens per forward and backward pass: what stays in the cache")
    a.add_argument("--context", type=int, default=512)
    a.add_argument("--seed", type=int, default=20261124)
    a.add_argument("--compile", action="store_true")
    o = a.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 2)))
    torch.manual_seed(o.seed)
    at = lambda name: os.path.join(o.data, name)
    made = tokenizer(at("tokenizer.json"), (json.loads(line)["text"] for line in open(at("train.jsonl"))))
    train, train_bytes = load(at("train.jsonl"), made, at("train.npy"))
    held, held_bytes = load(at("held.jsonl"), made, at("held.npy"))
    # A fixed shuffled part of the held-out windows is enough to follow the curve; `evaluate` takes all of it.
    rows = np.random.default_rng(o.seed).permutation((len(held) - 1) // 512)[:80]
    sample = np.concatenate([held[i * 512:i * 512 + 512] for i in rows])
    bytes_per_token = held_bytes / len(held)
    plain = Network()
    matrices = [p for b in plain.blk for p in b.parameters() if p.ndim == 2]
    others = [p for n, p in plain.named_parameters() if p.ndim == 1]
    opts = [Muon(matrices, lr=0.02), torch.optim.AdamW([dict(params=[plain.token_embd.weight], lr=4e-3), dict(params=others, lr=2e-3)],
                                                      betas=(0.9, 0.97), weight_decay=0.0)]
    base = [[g["lr"] for g in opt.param_groups] for opt in opts]
    step, seconds, end = 0, 0.0, o.tokens
    if os.path.exists(at("checkpoint.pt")):
        c = torch.load(at("checkpoint.pt"))
        plain.load_state_dict(c["network"])
        for opt, s in zip(opts, c["opts"]):
            opt.load_state_dict(s)
        step, seconds = c["step"], c["seconds"]
    loss_of = torch.compile(plain.loss) if o.compile else plain.loss
    print(f"{train_bytes / 1e6:.1f} MB, {len(train) / 1e6:.2f} M tokens, {train_bytes / len(train):.3f} bytes per token; from step {step}", flush=True)
    feed = batches(train, o.seed, step, o.batch // o.context, o.context)
    began, mean = time.time() - seconds, None
    while step * o.batch < end:
        if os.path.exists(at("decay")) and end == o.tokens:
            end = min(end, step * o.batch + o.decay)
        scale = min(1.0, (step + 1) / 60, (end - step * o.batch) / o.decay if o.decay else 1.0)
        for opt, lrs in zip(opts, base):
            for g, lr in zip(opt.param_groups, lrs):
                g["lr"] = lr * scale
        x, y = next(feed)
        total = 0.0
        for xs, ys in zip(x.split(o.micro // o.context), y.split(o.micro // o.context)):
            loss = loss_of(xs, ys) * (len(xs) / len(x))
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        mean = total if mean is None else 0.95 * mean + 0.05 * total
        step += 1
        if step % 20 == 0:
            print(f"{step} {step * o.batch / 1e6:.3f}M {time.time() - began:.0f}s loss {mean:.3f} about {mean / math.log(2) / bytes_per_token:.3f} bpb lr x{scale:.2f}", flush=True)
        if step % 240 == 0 or step * o.batch >= end:
            bpb = bits_per_byte(plain, sample, bytes_per_token, 512, len(sample))
            torch.save(dict(network=plain.state_dict(), opts=[opt.state_dict() for opt in opts], step=step, seconds=time.time() - began), at("checkpoint.tmp"))
            os.replace(at("checkpoint.tmp"), at("checkpoint.pt"))
            with open(at("log.tsv"), "a") as log:
                log.write(f"{time.time() - began:.0f}\t{step * o.batch}\t{bpb:.4f}\n")
            print(f"held out {bpb:.4f} bits per byte", flush=True)


if __name__ == "__main__":
    main()
