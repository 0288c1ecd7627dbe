"""The benchmarks of ``make bench``: each figure of the house beside its limit, in one run."""
