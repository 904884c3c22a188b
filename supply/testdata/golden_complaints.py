"""Writes complaints.json: python golden_complaints.py > complaints.json"""

import json

import scipy
import statsmodels
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests

# name, x of n complaints, y of m other texts
tables = [
    ("seam", 9, 12, 2, 40), ("zip", 5, 12, 1, 40), ("late", 3, 12, 12, 40), ("colour", 1, 12, 9, 40),
    ("smell", 3, 12, 0, 40), ("box", 2, 12, 5, 40), ("size", 12, 12, 38, 40), ("soft", 0, 12, 17, 40),
]
p = [fisher_exact([[x, n - x], [y, m - y]], alternative="greater")[1] for _, x, n, y, m in tables]
out = {
    "provenance": {
        "tool": "scipy, statsmodels",
        "version": f"{scipy.__version__}, {statsmodels.__version__}",
        "command": "python golden_complaints.py (fisher_exact alternative='greater', multipletests)",
    },
    "terms": [
        {"term": t, "x": x, "n": n, "y": y, "m": m, "p": pi, "holm": h, "bh": b}
        for (t, x, n, y, m), pi, h, b in zip(tables, p, multipletests(p, method="holm")[1], multipletests(p, method="fdr_bh")[1])
    ],
}
print(json.dumps(out, indent=1))
