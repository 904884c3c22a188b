"""Writes export.json: the raw margins that XGBoost and LightGBM have of models that Aisle has written.

    pip install xgboost==3.2.0 lightgbm==4.7.0
    AISLE_EXPORTS=DIR go test -run 'AppendXGBoost$|AppendLightGBMGolden' .
    python3 golden_export.py DIR > testdata/export.json
"""

import glob
import hashlib
import json
import os
import sys

import lightgbm
import numpy as np
import xgboost

folder = sys.argv[1]
rows = np.genfromtxt(os.path.join(folder, "rows.csv"), delimiter=",")
out = {
    "provenance": {
        "tool": "xgboost, lightgbm", "version": f"{xgboost.__version__}, {lightgbm.__version__}",
        "command": "python3 golden_export.py DIR > testdata/export.json",
    },
    "files": {}, "margins": {},
}
for path in sorted(glob.glob(os.path.join(folder, "*.json")) + glob.glob(os.path.join(folder, "*.txt"))):
    name = os.path.basename(path)
    if name.endswith(".json"):
        model = xgboost.Booster(model_file=path)
        data = xgboost.DMatrix(rows, feature_names=model.feature_names, feature_types=model.feature_types, enable_categorical=True)
        margins = model.predict(data, output_margin=True)
    else:
        margins = lightgbm.Booster(model_file=path).predict(rows, raw_score=True)
    out["files"][name] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    out["margins"][name] = [float(x).hex() for x in margins.ravel()]
json.dump(out, sys.stdout, indent=0)
print()
