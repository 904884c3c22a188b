"""Writes anonymity.json by pycanon. Run: python golden_anonymity.py DATA > anonymity.json, DATA the folder with bank-marketing and online-shoppers."""
import json, sys
from importlib.metadata import version
import pandas as pd
from pycanon import anonymity as a
data = sys.argv[1]
bank = pd.read_csv(data + "/bank-marketing/bank-full.csv.gz", sep=";", dtype={"age": int})
shop = pd.read_csv(data + "/online-shoppers/online_shoppers_intention.csv.gz")
shop["Weekend"] = shop["Weekend"].astype(str)
out = {"provenance": {"tool": "pycanon", "version": version("pycanon"), "command": "python testdata/golden_anonymity.py DATA > testdata/anonymity.json"}, "cases": []}
for name, df, qi, sa in [
    ("bank", bank, ["marital", "education"], "job"), ("bank", bank, ["marital", "housing", "loan"], "age"), ("bank", bank, ["job", "education", "marital", "contact"], "y"),
    ("shoppers", shop, ["Month", "VisitorType", "Weekend"], "TrafficType"), ("shoppers", shop, ["Region", "Weekend"], "Month"), ("shoppers", shop, ["Browser", "OperatingSystems"], "VisitorType")]:
    d = df[qi + [sa]]
    out["cases"].append({"data": name, "quasi": qi, "sensitive": sa, "numeric": bool(pd.api.types.is_numeric_dtype(d[sa])), "rows": len(d),
        "k": a.k_anonymity(d, qi), "l": a.l_diversity(d, qi, [sa]), "entropy": float(a.entropy_l_diversity(d, qi, [sa])), "t": float(a.t_closeness(d, qi, [sa]))})
json.dump(out, sys.stdout, indent=1)
