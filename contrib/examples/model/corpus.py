#!/usr/bin/python3
"""Makes the text: unpacked Debian packages in, one JSON line per document out, train and held-out apart.

A document is an HTML or text file, or one compressed block (a book or chapter) of a SWORD module. Paragraphs of prose are kept, each once over
the whole corpus; the split is by a hash of the document's path, so it never depends on order: one document in ten is held out.
"""
import gzip
import hashlib
import html.parser
import json
import os
import re
import struct
import sys
import zlib

SKIPPED_TAGS = {"script", "style", "pre", "nav", "header", "footer", "table", "svg", "head", "code-block"}
BLOCK_TAGS = {"p", "li", "dd", "dt", "h1", "h2", "h3", "h4", "div", "section", "article", "br", "body", "blockquote"}
COMMON_WORDS = {"the", "of", "and", "to", "a", "in", "is", "that", "it", "for", "with", "as", "be", "this", "by", "are", "on", "or", "his", "he"}


class Paragraphs(html.parser.HTMLParser):
    """Collects the text of block elements; void and unclosed tags must not unbalance the skipping."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.out, self.now, self.skipping = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag in SKIPPED_TAGS:
            self.skipping.append(tag)
        elif tag in BLOCK_TAGS:
            self.flush()

    def handle_endtag(self, tag):
        if tag in self.skipping:
            while self.skipping.pop() != tag:
                pass
        elif tag in BLOCK_TAGS:
            self.flush()

    def handle_data(self, data):
        if not self.skipping:
            self.now.append(data)

    def flush(self):
        text = "".join(self.now)
        self.now = []
        if text.strip():
            self.out.append(text)


def tidy(text):
    text = text.replace("\u00b6", "").replace("\u2019", "'").replace("\u2018", "'").replace("\u201c", '"').replace("\u201d", '"')
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u2014", "--").replace("\u2013", "-")).strip()


def is_prose(text):
    """A sentence or more of English: long enough, mostly letters, with the commonest words in it."""
    if len(text) < 60:
        return False
    letters = sum(c.isalpha() or c == " " for c in text)
    ascii_share = sum(ord(c) < 128 for c in text) / len(text)
    words = re.findall(r"[a-z]+", text.lower())
    return letters > 0.85 * len(text) and ascii_share > 0.97 and sum(w in COMMON_WORDS for w in words) >= 0.15 * len(words)


def html_documents(root, under):
    pattern = re.compile(r"/(%s)/" % under) if under else None
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not (name.endswith(".html") or name.endswith(".html.en")):
                continue
            if pattern and not pattern.search(path):
                continue
            parser = Paragraphs()
            parser.feed(open(path, encoding="utf-8", errors="replace").read())
            parser.flush()
            yield os.path.relpath(path, root), parser.out


def text_documents(root):
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            if not re.search(r"jargon\.txt(\.gz)?$", name):
                continue
            text = (gzip.open if name.endswith(".gz") else open)(path, "rt", encoding="utf-8", errors="replace").read()
            # Chapters of about 60 kB, so that the hold-out takes whole parts and not the whole book.
            parts = re.split(r"\n\s*\n", text)
            for start in range(0, len(parts), 200):
                yield f"{os.path.relpath(path, root)}#{start}", parts[start:start + 200]


def sword_documents(root):
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(f for f in files if f.endswith("zs")):
            index = open(os.path.join(folder, name), "rb").read()
            data = open(os.path.join(folder, name[:-1] + "z"), "rb").read()
            for at in range(0, len(index) - 11, 12):
                offset, size, _ = struct.unpack("<III", index[at:at + 12])
                text = zlib.decompress(data[offset:offset + size]).decode("utf-8", "replace")
                text = re.sub(r"<note.*?</note>", " ", text, flags=re.S)
                text = re.sub(r"</?(p|div|lb|chapter|verse|title|item|l)\b[^>]*>", "\n\n", text)
                text = re.sub(r"<[^>]+>", "", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
                yield f"{os.path.relpath(os.path.join(folder, name), root)}#{at // 12}", text.split("\n\n")


def documents(unpacked, package, reader):
    kind, _, under = reader.partition(":")
    root = os.path.join(unpacked, package)
    return {"html": lambda: html_documents(root, under), "text": lambda: text_documents(root),
            "sword": lambda: sword_documents(root)}[kind]()


def held_out(key):
    return hashlib.sha256(key.encode()).digest()[0] % 10 == 0


def main():
    sources, unpacked, out = sys.argv[1:4]
    seen = set()
    with open(os.path.join(out, "train.jsonl"), "w") as train, open(os.path.join(out, "held.jsonl"), "w") as held:
        for line in open(sources):
            if line.startswith("#") or line.startswith("package\t"):
                continue
            package, reader, _ = line.rstrip("\n").split("\t")
            count = {True: 0, False: 0}
            for name, paragraphs in documents(unpacked, package, reader):
                kept = []
                for text in map(tidy, paragraphs):
                    mark = hashlib.sha256(text.encode()).digest()[:8]
                    if is_prose(text) and mark not in seen:
                        seen.add(mark)
                        kept.append(text)
                body = "\n".join(kept)
                if len(body) < 400:
                    continue
                away = held_out(package + "/" + name)
                count[away] += len(body.encode())
                (held if away else train).write(json.dumps({"package": package, "name": name, "text": body}) + "\n")
            print(f"{package:24} {count[False] / 1e6:7.2f} MB to train on, {count[True] / 1e6:6.2f} MB held out", flush=True)


if __name__ == "__main__":
    main()
