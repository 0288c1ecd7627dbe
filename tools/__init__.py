"""Programs that the Makefile needs; no part of the installed application."""
