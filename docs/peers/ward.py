"""fastcluster and scipy beside segment.FitDendrogram: python ward.py linkage_vector|linkage|scipy

20,000 points of 16 columns around 12 centres, as BenchmarkFitDendrogram has them but not the same draws."""
import resource, sys, time
import numpy as np

r = np.random.default_rng(1)
x = r.normal(0, 3, (12, 16))[r.integers(0, 12, 20_000)] + r.normal(0, 1, (20_000, 16))
if sys.argv[1] == "scipy":
    from scipy.cluster.hierarchy import linkage as fit
else:
    import fastcluster
    fit = getattr(fastcluster, sys.argv[1])
start = time.process_time()
fit(x, "ward")
print(sys.argv[1], round(time.process_time() - start, 2), "cpu s,",
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, "MB")
