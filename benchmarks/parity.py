"""Whether every applicant is decided alone as in a batch and as in the stream, to the last bit.

    python -m benchmarks.parity HOME           every applicant of an AVAL_HOME that `aval demo` filled
    python -m benchmarks.parity                a lender of 3,000, simulated and trained first

Each applicant's dossier is read from the warehouse, its features built and its decision taken with nobody else in
sight. Ends with 1 where a probability or a verdict differs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def compare(home: Path) -> int:
    """Decide everyone of a home three ways; how many differ."""
    from aval.credit.policy import Policy
    from aval.credit.reason import Explain
    from aval.data.warehouse import Warehouse
    from aval.model.registry import Registry
    from aval.service.decide import Decider
    from aval.settings import Settings

    place = Settings(home=home)
    model, version = Registry(place.tracking_uri, home).load("champion")
    decider = Decider(model, version, Policy.load(place.policy))
    warehouse = Warehouse.open(home / "warehouse")
    batch = {}
    for part in warehouse.stream(applicants=10_000):
        batch |= {decision.applicant_id: decision for decision in decider.decide(part, Explain.NONE)}
    stream = 0
    for part in warehouse.stream(applicants=777):
        stream += sum(batch[one.applicant_id] != one for one in decider.decide(part, Explain.NONE))
    start, probabilities, verdicts = time.perf_counter(), 0, 0
    for applicant, expected in batch.items():
        (alone,) = decider.decide(warehouse.dossiers([applicant]), Explain.NONE)
        probabilities += alone.probability != expected.probability
        verdicts += alone.verdict is not expected.verdict
    seconds = time.perf_counter() - start
    print(
        f"{len(batch):,} applicants, each decided alone, its dossier read, in {1000 * seconds / len(batch):.1f} ms:\n"
        f"  alone against a batch of 10,000: {probabilities} probabilities and {verdicts} verdicts differ\n"
        f"  batches of 777 against batches of 10,000: {stream} decisions differ"
    )
    return probabilities + verdicts + stream


def main() -> int:
    """See the module."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("home", type=Path, nargs="?", help="an AVAL_HOME with a warehouse and a champion")
    given = asked.parse_args()
    if given.home:
        return compare(given.home)
    with tempfile.TemporaryDirectory() as place:
        home, lender = Path(place) / "home", Path(place) / "lender"
        aval = [sys.executable, "-m", "aval", "--home", str(home)]
        for words in (
            ["simulate", str(lender), "--applicants", "3000"],
            ["ingest", str(lender)],
            ["train", str(ROOT / "tests" / "small.toml")],
        ):
            subprocess.run([*aval, *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        return compare(home)


if __name__ == "__main__":
    sys.exit(main() != 0)
