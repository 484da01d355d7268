"""The network: a llama-architecture decoder (RMSNorm, rotary positions in interleaved pairs, grouped queries, SwiGLU, tied embeddings)."""
import torch
import torch.nn.functional as F
from torch import nn

SHAPE = dict(vocabulary=4096, width=256, layers=8, heads=4, kv_heads=2, hidden=704, context=512, rope_base=10000.0, epsilon=1e-5)


def rotations(length, size, base):
    """cos and sin of every position and pair, shape (length, size/2)."""
    frequency = base ** (-torch.arange(0, size, 2).float() / size)
    angle = torch.outer(torch.arange(length).float(), frequency)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Rotates pairs (2i, 2i+1) of the last dimension: llama.cpp's "normal" rope, so that export needs no permutation."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.heads, self.kv_heads, self.size = s["heads"], s["kv_heads"], s["width"] // s["heads"]
        kv = self.kv_heads * self.size
        self.attn_norm, self.ffn_norm = nn.RMSNorm(s["width"], s["epsilon"]), nn.RMSNorm(s["width"], s["epsilon"])
        self.attn_q = nn.Linear(s["width"], s["width"], bias=False)
        self.attn_k, self.attn_v = nn.Linear(s["width"], kv, bias=False), nn.Linear(s["width"], kv, bias=False)
        self.attn_output = nn.Linear(s["width"], s["width"], bias=False)
        self.ffn_gate, self.ffn_up = nn.Linear(s["width"], s["hidden"], bias=False), nn.Linear(s["width"], s["hidden"], bias=False)
        self.ffn_down = nn.Linear(s["hidden"], s["width"], bias=False)

    def forward(self, x, cos, sin):
        batch, length, width = x.shape
        h = self.attn_norm(x)
        q = self.attn_q(h).view(batch, length, self.heads, self.size).transpose(1, 2)
        k = self.attn_k(h).view(batch, length, self.kv_heads, self.size).transpose(1, 2)
        v = self.attn_v(h).view(batch, length, self.kv_heads, self.size).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        # Written out: the fused kernel's backward pass is ten times slower than these products on a processor with bfloat16 matrix units.
        scores = (q @ k.transpose(-1, -2)).float() * self.size ** -0.5
        ahead = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        y = scores.masked_fill(ahead, float("-inf")).softmax(-1).to(v.dtype) @ v
        x = x + self.attn_output(y.transpose(1, 2).reshape(batch, length, width))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Network(nn.Module):
    def __init__(self, shape=None):
        super().__init__()
        self.shape = dict(shape or SHAPE)
        s = self.shape
        self.token_embd = nn.Embedding(s["vocabulary"], s["width"])
        self.blk = nn.ModuleList(Block(s) for _ in range(s["layers"]))
        self.output_norm = nn.RMSNorm(s["width"], s["epsilon"])
        cos, sin = rotations(s["context"], s["width"] // s["heads"], s["rope_base"])
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        nn.init.normal_(self.token_embd.weight, std=0.02)
        for block in self.blk:
            nn.init.zeros_(block.attn_output.weight)
            nn.init.zeros_(block.ffn_down.weight)

    def forward(self, tokens):
        """Logits, shape (batch, length, vocabulary)."""
        length = tokens.shape[1]
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, self.cos[:length], self.sin[:length])
        return F.linear(self.output_norm(x), self.token_embd.weight)

    def loss(self, tokens, targets):
        """Mean nats per target; products in bfloat16, sums and the softmax in float32."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self(tokens)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
