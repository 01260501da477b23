"""What is counted, alone and over several processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aval.service.api.metrics import SHARED, Metrics
from aval.settings import ROOT


def shown(metrics: Metrics) -> dict[str, float]:
    """Samples of a page, by name and labels."""
    lines = [line for line in metrics.page()[0].decode().splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_stages_are_timed_also_where_they_fail() -> None:
    metrics = Metrics()
    with metrics.timed("judge"):
        pass
    with pytest.raises(KeyError), metrics.timed("judge"):
        raise KeyError
    assert shown(metrics)['aval_stage_seconds_count{stage="judge"}'] == 2


def test_one_version_decides() -> None:
    metrics = Metrics()
    metrics.decides("1")
    metrics.decides("2")
    page = shown(metrics)
    assert (page['aval_model{version="1"}'], page['aval_model{version="2"}']) == (0, 1)


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
