#!/usr/bin/python3
"""Writes the checkpoint as GGUF (GGUF specification, github.com/ggml-org/ggml docs/gguf.md): weights in q8_0, norms in f32, the tokenizer inside."""
import json
import sys

import gguf
import torch

from network import SHAPE

# A base model continues text: the chat page's messages are handed to it as paragraphs, without role markers that it has never seen.
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


def describe(out, tokens):
    out.add_name("podstep")
    out.add_description("Small English model of Podstep's example service, trained on text that Debian packages ship")
    out.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    out.add_vocab_size(SHAPE["vocabulary"])
    out.add_context_length(SHAPE["context"])
    out.add_embedding_length(SHAPE["width"])
    out.add_block_count(SHAPE["layers"])
    out.add_feed_forward_length(SHAPE["hidden"])
    out.add_head_count(SHAPE["heads"])
    out.add_head_count_kv(SHAPE["kv_heads"])
    out.add_rope_dimension_count(SHAPE["width"] // SHAPE["heads"])
    out.add_rope_freq_base(SHAPE["rope_base"])
    out.add_layer_norm_rms_eps(SHAPE["epsilon"])
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    vocabulary = sorted(tokens["model"]["vocab"], key=tokens["model"]["vocab"].get)
    special = {t["content"] for t in tokens["added_tokens"]}
    out.add_token_list(vocabulary)
    out.add_token_types([gguf.TokenType.CONTROL if t in special else gguf.TokenType.NORMAL for t in vocabulary])
    out.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokens["model"]["merges"]])
    out.add_bos_token_id(0)
    out.add_eos_token_id(0)
    out.add_add_bos_token(True)
    out.add_chat_template(CHAT_TEMPLATE)


def main():
    data, path = sys.argv[1:3]
    weights = torch.load(data + "/checkpoint.pt", map_location="cpu")["network"]
    out = gguf.GGUFWriter(path, "llama")
    describe(out, json.load(open(data + "/tokenizer.json")))
    for name, tensor in weights.items():
        values = tensor.float().numpy()
        if values.ndim == 1:
            out.add_tensor(name, values)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            out.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    main()
