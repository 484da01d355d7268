#!/usr/bin/python3
"""Prints the bits per byte of a text under a GGUF of the llama architecture: reads the file that the server reads, computes in numpy.

Independent of the training code: what is measured is the exported, quantised model.
"""
import concurrent.futures
import math
import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: one thread per batch of windows, none that spins for another
import gguf
import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

WINDOW, STRIDE, BATCH = 512, 256, 4


class Model:
    """Weights as float32, and the forward pass (llama: RMSNorm, rotary pairs (2i, 2i+1), grouped queries, SwiGLU, tied embeddings)."""

    def __init__(self, reader):
        value = lambda key: reader.fields[key].contents()
        self.weights = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32) for t in reader.tensors}
        self.layers = value("llama.block_count")
        self.heads, self.kv_heads = value("llama.attention.head_count"), value("llama.attention.head_count_kv")
        self.epsilon = value("llama.attention.layer_norm_rms_epsilon")
        self.width = value("llama.embedding_length")
        size = self.width // self.heads
        frequency = value("llama.rope.freq_base") ** (-np.arange(0, size, 2, dtype=np.float32) / size)
        angle = np.outer(np.arange(WINDOW, dtype=np.float32), frequency)
        self.cos, self.sin = np.cos(angle), np.sin(angle)

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * self.weights[name]

    def rotate(self, x):
        cos, sin = self.cos[:x.shape[-2]], self.sin[:x.shape[-2]]
        even, odd = x[..., 0::2], x[..., 1::2]
        out = np.empty_like(x)
        out[..., 0::2], out[..., 1::2] = even * cos - odd * sin, even * sin + odd * cos
        return out

    def attend(self, h, layer):
        batch, length, _ = h.shape
        split = lambda name, heads: (h @ self.weights[f"blk.{layer}.attn_{name}.weight"].T).reshape(batch, length, heads, -1).transpose(0, 2, 1, 3)
        q, k = self.rotate(split("q", self.heads)), self.rotate(split("k", self.kv_heads))
        k, v = (np.repeat(x, self.heads // self.kv_heads, axis=1) for x in (k, split("v", self.kv_heads)))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])
        scores += np.triu(np.full((length, length), -np.inf, np.float32), 1)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return (scores @ v).transpose(0, 2, 1, 3).reshape(batch, length, -1) @ self.weights[f"blk.{layer}.attn_output.weight"].T

    def nats(self, tokens, first):
        """Negative log likelihood of tokens[:, i + 1] given tokens[:, :i + 1], summed over i >= first."""
        w = self.weights
        x = w["token_embd.weight"][tokens[:, :-1]]
        for layer in range(self.layers):
            name = f"blk.{layer}."
            x = x + self.attend(self.norm(x, name + "attn_norm.weight"), layer)
            h = self.norm(x, name + "ffn_norm.weight")
            gate = h @ w[name + "ffn_gate.weight"].T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w[name + "ffn_up.weight"].T)) @ w[name + "ffn_down.weight"].T
        logits = self.norm(x[:, first:], "output_norm.weight") @ w.get("output.weight", w["token_embd.weight"]).T
        target = np.take_along_axis(logits, tokens[:, first + 1:, None], -1)[..., 0]
        top = logits.max(-1)
        return float((np.log(np.exp(logits - top[..., None]).sum(-1)) + top - target).sum(dtype=np.float64))


def encode(reader, text):
    """Token ids; a document, ended by a form feed, is followed by the end token. The text starts behind one, which is not counted."""
    value = lambda key: reader.fields[key].contents()
    vocabulary = {t: i for i, t in enumerate(value("tokenizer.ggml.tokens"))}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(m.split(" ")) for m in value("tokenizer.ggml.merges")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    end = value("tokenizer.ggml.eos_token_id")
    documents = [coded.ids for coded in made.encode_batch(text.split("\f"), add_special_tokens=False)]
    ids = [end]
    for number, document in enumerate(documents):
        ids += document if number == len(documents) - 1 else document + [end]
    return np.array(ids, np.int64)


def main():
    reader = gguf.GGUFReader(sys.argv[1])
    text = open(sys.argv[2], encoding="utf-8", newline="").read()
    ids = encode(reader, text)
    model = Model(reader)
    np.seterr(over="ignore")
    nats = model.nats(ids[None, :WINDOW + 1], 0)
    # Later windows begin STRIDE further each; only what lies behind the overlap is counted.
    starts = list(range(STRIDE, len(ids) - 1 - (WINDOW - STRIDE), STRIDE))
    whole = [s for s in starts if s + WINDOW + 1 <= len(ids)]
    batches = [np.stack([ids[s:s + WINDOW + 1] for s in whole[i:i + BATCH]]) for i in range(0, len(whole), BATCH)]
    batches += [ids[None, s:] for s in starts[len(whole):]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        nats += sum(pool.map(lambda batch: model.nats(batch, WINDOW - STRIDE), batches))
    size = len(text.encode())
    print(f"model\t{nats / math.log(2) / size:.4f} bits per byte\t{size} bytes\t{len(ids) - 1} tokens", flush=True)


if __name__ == "__main__":
    main()
