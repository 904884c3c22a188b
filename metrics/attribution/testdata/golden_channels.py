"""Makes channels.json of this folder: python golden_channels.py

Needs ChannelAttribution (the Python edition of the R package of that name, by its
authors, over the same C++ core) and numpy. Its Markov model simulates: the numbers
are good to about half a percent. Without max_step it would cut walks at the length of
the longest path, which lowers all effects.
"""
import contextlib
import importlib.metadata as md
import io
import json

with contextlib.redirect_stdout(io.StringIO()):
    import ChannelAttribution as CA
import numpy as np
import pandas as pd

rng = np.random.default_rng(20261122)
names = ["ads", "direct", "email", "search", "social"]
seen = {}
while len(seen) < 40:
    p = tuple(names[i] for i in rng.choice(5, size=rng.integers(1, 6), p=[.3, .1, .2, .25, .15]))
    conv = int(rng.integers(0, 9))
    seen[p] = (conv, int(rng.integers(0, 12)), conv * int(rng.integers(10, 60)))
rows = [(" > ".join(p), *v) for p, v in seen.items()]
D = pd.DataFrame(rows, columns=["path", "conv", "null", "value"])
with contextlib.redirect_stdout(io.StringIO()):
    h = CA.heuristic_models(D, "path", "conv", "value", flg_pro=False).set_index("channel_name").sort_index()
    markov = {}
    for order in (1, 2):
        m = CA.markov_model(D, "path", "conv", "value", "null", order=order, seed=7, nsim_start=1e5, conv_par=5e-3, max_step=1000,
                            out_more=True, flg_pro=False, verbose=False)
        r = m["result"].set_index("channel_name").sort_index()
        e = m["removal_effects"].set_index("channel_name").sort_index()
        markov[order] = {"conversions": r.total_conversions.tolist(), "revenue": r.total_conversion_value.tolist(),
                         "effect": e.removal_effects_conversion.tolist()}
out = {"provenance": {"tool": "ChannelAttribution (Python edition)", "version": md.version("ChannelAttribution"),
                      "command": "python golden_channels.py"},
       "channels": h.index.tolist(), "paths": [[p.split(" > "), *map(int, v)] for p, v in zip(D.path, D[["conv", "null", "value"]].values)],
       "rules": {k: {"conversions": h[f"{k}_touch_conversions"].tolist() if f"{k}_touch_conversions" in h else h[f"{k}_touch"].tolist(),
                     "revenue": h[f"{k}_touch_value"].tolist()} for k in ("first", "last", "linear")},
       "markov": markov}
with open("channels.json", "w") as f:
    json.dump(out, f)
    f.write("\n")
