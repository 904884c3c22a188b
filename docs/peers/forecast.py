"""statsforecast beside predict/forecast: python forecast.py ets12|ets1|theta|ses|croston N

N series of 100 periods by the law of BenchmarkSeries, but not the same draws: processor seconds, and those of 10,000."""
import os, resource, sys, time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
from statsforecast.models import AutoETS, AutoTheta, CrostonClassic, SimpleExponentialSmoothing

name, n = sys.argv[1], int(sys.argv[2])
model = {
    "ets12": lambda: AutoETS(season_length=12),
    "ets1": lambda: AutoETS(season_length=1),
    "theta": lambda: AutoTheta(season_length=1),
    "ses": lambda: SimpleExponentialSmoothing(alpha=0.3),
    "croston": lambda: CrostonClassic(),
}[name]()


def draw(r):
    if name == "croston":
        return np.where(r.random(100) < 0.35, 1 + r.poisson(4, 100), 0).astype(float)
    level = 100 + np.cumsum(0.4 + r.normal(size=100))
    return level * (1 + 0.3 * np.sin(2 * np.pi * np.arange(100) / 12)) * (1 + 0.05 * r.normal(size=100))


r = np.random.default_rng(1)
series = [draw(r) for _ in range(n)]
model.forecast(y=draw(r), h=12)  # compiles
start = time.process_time()
for y in series:
    model.forecast(y=y, h=12)
spent = time.process_time() - start
print(name, f"{spent:.2f} cpu s for {n}, {spent / n * 10_000:.1f} for 10,000,",
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, "MB")
