#!/usr/bin/python3
"""Writes the held-out documents of held.jsonl as one text, each ended by a form feed, in an order mixed by the hash of their names.

Any beginning of that text is then a fair sample of all sources.
"""
import hashlib
import json
import sys


def main():
    documents = [json.loads(line) for line in open(sys.argv[1])]
    documents.sort(key=lambda d: hashlib.sha256((d["package"] + "/" + d["name"]).encode()).digest())
    with open(sys.argv[2], "w") as out:
        out.writelines(d["text"] + "\f" for d in documents)


if __name__ == "__main__":
    main()
