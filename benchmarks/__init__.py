"""Speed, memory and worth, measured: `make bench`, or one of them by `python -m benchmarks.NAME`."""
