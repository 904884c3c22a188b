"""Writes streams.json: the progressive log-loss of Vowpal Wabbit over streams of clicks.

    AISLE_WRITE_STREAMS=DIR go test -timeout 0 -run StreamsVowpal ./predict/online
    python golden_streams.py DIR

Its adaptive and its FTRL learner on the features as they are, the latter two of all pairs of columns by low-rank vectors, plain (lrq) and
field-aware (lrqfa); five rates each. The shop's million rows have no pairs in them and are not given to those.
"""
import json
import sys
from pathlib import Path

import vowpalwabbit

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def loss(path, args):
    vw = vowpalwabbit.Workspace(f"{args} --loss_function logistic -b 18 --quiet -d {path}")
    mean = vw.get_sum_loss() / vw.get_weighted_examples()
    vw.finish()
    return mean


def losses(path):
    found = set()
    for line in open(path):
        found |= {part[0] for part in line.split(" |")[1:]}
    columns = "".join(c for c in LETTERS if c in found)
    kinds = {"adaptive": ("-l", [.05, .1, .2, .5, 1]), "ftrl": ("--ftrl --ftrl_alpha", [.02, .05, .1, .2, .5])}
    if path.stem != "shop":
        lrq = " ".join(f"--lrq {a}{b}4" for i, a in enumerate(columns) for b in columns[i + 1:])
        kinds |= {"lrqfa": (f"--lrqfa {columns}4 -l", [.02, .05, .1, .2, .5])}
        if len(columns) < 20:
            kinds |= {"lrq": (f"{lrq} -l", [.02, .05, .1, .2, .5])}
    out = {}
    for kind, (flag, rates) in kinds.items():
        out[kind] = {str(r): loss(path, f"{flag} {r}") for r in rates}
        print(path.stem, kind, out[kind], flush=True)
    return out


out = {
    "provenance": {"tool": "vowpalwabbit", "version": vowpalwabbit.__version__, "command": "python golden_streams.py DIR"},
    "loss": {path.stem: losses(path) for path in sorted(Path(sys.argv[1]).glob("*.txt"), key=lambda p: p.stat().st_size)},
}
json.dump(out, open("streams.json", "w"), indent=1)
