"""The command line ``ecoissues``: a thin door like the pages; the verbs stand beside this file."""

from ecoissues.cli.verbs import main

__all__ = ["main"]
