"""Every benchmark in turn; each prints its own table. See README.md in this folder for the figures and the commands."""

import runpy
import sys
from pathlib import Path

NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_"))

if __name__ == "__main__":
    chosen = sys.argv[1:] or NAMES
    for name in chosen:
        print(f"\n## {name}\n", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
