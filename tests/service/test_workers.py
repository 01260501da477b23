"""What several workers count together."""

import json
import os
import subprocess
import sys
from pathlib import Path

from aval.service.api.metrics import SHARED
from aval.settings import ROOT

WORKER = """
import json, sys
from aval.service.api.metrics import Metrics
metrics = Metrics()
metrics.decides(sys.argv[1])
metrics.trouble.set(1)
metrics.verdicts.labels("approve", sys.argv[1], "p").inc(3)
print(json.dumps(metrics.page()[0].decode()), flush=True)
sys.stdin.read()
"""


def test_what_a_dead_worker_counted_stays_and_what_it_said_of_itself_goes(tmp_path: Path) -> None:
    env = {**os.environ, SHARED: str(tmp_path)}

    def worker(version: str) -> tuple[subprocess.Popen[str], str]:
        made = subprocess.Popen(
            [sys.executable, "-c", WORKER, version],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT,
        )  # fmt: skip
        assert made.stdout is not None
        return made, json.loads(made.stdout.readline())

    first, _ = worker("1")
    second, both = worker("2")
    assert 'aval_model{version="1"} 1.0' in both
    assert 'aval_model{version="2"} 1.0' in both
    first.kill()
    first.wait()
    third, page = worker("2")
    assert 'aval_model{version="2"} 1.0' in page
    assert 'aval_model{version="1"}' not in page
    assert 'aval_decisions_total{model="1",policy="p",verdict="approve"} 3.0' in page
    assert 'aval_decisions_total{model="2",policy="p",verdict="approve"} 6.0' in page
    for one in (first, second, third):
        one.kill()
        one.communicate()
