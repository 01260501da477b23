"""The simulated lender at three seeds: what the application tells, what the histories add, what is there to know.

.venv/bin/python benchmarks/lender.py [APPLICANTS] [ROUNDS]
"""

import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data"))
from lender_figures import boosted_auc, features, weighted_auc

from aval.data.lender import simulate


def main() -> None:
    applicants = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 260
    for seed in range(3):
        with tempfile.TemporaryDirectory() as name:
            summary = simulate(Path(name), applicants, seed)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            x, y, p = features(Path(name), histories=False)
            plain = boosted_auc(x, y, p, folds=5, rounds=rounds)
            x, y, p = features(Path(name), histories=True)
            full = boosted_auc(x, y, p, folds=5, rounds=rounds)
            truth = weighted_auc(p, p)
            print(
                f"seed {seed}: application {plain:.4f}, histories {full:.4f}, truth {truth:.4f}, "
                f"share of its Gini {(full - 0.5) / (truth - 0.5):.3f}; default rate {p.mean():.4f}, "
                f"refused {summary.refused_share:.3f}, {summary.seconds:.1f} s, peak so far {peak} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
