"""optbinning beside feature.FitBins, Monotone: python bins.py 1000000 50 (rows and columns)"""
import sys, time
import numpy as np, optbinning
from optbinning import OptimalBinning

rows, columns = int(sys.argv[1]), int(sys.argv[2])
r = np.random.default_rng(20260101)
z = r.standard_normal(rows, np.float32)
y = (z + r.standard_normal(rows, np.float32) > 1).astype(np.int64)
x = np.empty((rows, columns), np.float32)
for j in range(columns):
    c = z * (j % 5 + 1) / 5 + r.standard_normal(rows, np.float32) * (1 + j % 3)
    x[:, j] = np.floor(8 * c) if j % 4 == 3 else c
start, values = time.process_time(), []
for j in range(columns):
    binning = OptimalBinning(dtype="numerical", monotonic_trend="ascending").fit(x[:, j], y)
    binning.binning_table.build()
    values.append(binning.binning_table.iv)
print(round(time.process_time() - start, 2), "cpu s, optbinning", optbinning.__version__, "IV", np.round(values, 6))
