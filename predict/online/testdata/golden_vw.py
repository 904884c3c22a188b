"""Writes vw.json: the progressive log-loss of Vowpal Wabbit over a stream of clicks.

    AISLE_WRITE_CLICKS=/tmp/clicks.txt go test -run ClicksVowpal ./predict/online
    python golden_vw.py /tmp/clicks.txt
"""
import json
import re
import sys

import vowpalwabbit

path = sys.argv[1]
rows = sum(1 for _ in open(path))


def loss(args):
    vw = vowpalwabbit.Workspace(args + " --loss_function logistic -b 18 --quiet -d " + path)
    sums = vw.get_sum_loss() / vw.get_weighted_examples()
    vw.finish()
    return sums


rates = {"adaptive": ("-l", [0.05, 0.1, 0.2, 0.5, 1]), "ftrl": ("--ftrl --ftrl_alpha", [0.02, 0.05, 0.1, 0.2, 0.5])}
out = {
    "provenance": {"tool": "vowpalwabbit", "version": vowpalwabbit.__version__, "command": "python golden_vw.py clicks.txt"},
    "rows": rows,
    "loss": {
        kind: {"default": loss("--ftrl" if kind == "ftrl" else "")} | {str(x): loss(f"{flag} {x}") for x in xs}
        for kind, (flag, xs) in rates.items()
    },
}
json.dump(out, open("vw.json", "w"), indent=1)
print(json.dumps(out["loss"], indent=1))
