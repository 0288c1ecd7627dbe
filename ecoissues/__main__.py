"""``python -m ecoissues`` is the command line."""

from ecoissues.cli import main

main()
