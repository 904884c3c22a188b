"""Writes fieldfm.json: what pyFFM, whose steps are those of libffm with a constant and weights beside the vectors, learns from
rows in one order.

    python golden_ffm.py
"""
import json
import os
from importlib.metadata import version

import numpy as np
from pyffm.engine.ffm_engine import FFMEngine
from pyffm.engine.model.ffm_model import calc_phi

FIELDS, LEVELS, ROWS, PASSES = 4, 5, 60, 2


def learnt(regression, **params):
    rng = np.random.default_rng(17)
    x = np.zeros((ROWS, FIELDS, 3))
    for f in range(FIELDS):
        x[:, f, 0] = f
        x[:, f, 1] = LEVELS * f + rng.integers(0, LEVELS, ROWS)
        x[:, f, 2] = 1 if f < 2 else rng.normal(1, .5, ROWS).round(2)
    y = rng.normal(1, 1, ROWS).round(2) if regression else rng.choice([-1., 1.], ROWS)
    e = FFMEngine(dict(regression=regression, parallel=False, epochs=1, quiet=True) | params)
    e.create_model(num_fields=FIELDS, num_features=FIELDS * LEVELS, **e._training_params)
    m = e.model
    start, scores = m.latent_w.astype(np.float32).astype(float), []
    m.latent_w[:] = start
    for _ in range(PASSES):
        for i in range(ROWS):
            scores.append(float(calc_phi(x[i], m.bias, m.lin_terms, m.latent_w, 1 / (x[i] * x[i]).sum(axis=0)[2])))
            e.train(x[i:i + 1], y[i:i + 1])
    by_feature = lambda w: np.swapaxes(w, 0, 1).reshape(FIELDS * LEVELS, -1).tolist()  # the vector for each field, one after another
    return {
        "regression": regression, "rate": e.learn_rate, "l2": m.reg_lambda, "factors": m.num_latent,
        "levels": x[:, :, 1].astype(int).tolist(), "values": x[:, :, 2].tolist(), "labels": y.tolist(),
        "start": by_feature(start), "scores": scores, "constant": float(m.bias), "weights": m.lin_terms.tolist(), "vectors": by_feature(m.latent_w),
    }


out = {
    "provenance": {"tool": "pyFFM", "version": version("pyFFM"), "command": "python golden_ffm.py"},
    "fits": [learnt(False), learnt(False, num_latent=3, learn_rate=.05, reg_lambda=.05), learnt(True, num_latent=2, learn_rate=.1, reg_lambda=.01)],
}
json.dump(out, open("fieldfm.json", "w"))
