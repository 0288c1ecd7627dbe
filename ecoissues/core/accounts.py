"""The accounts a case is counted in, day by day (the ledger view of a case's standing).

Stocks are 0 or 1 for a case on a day; flows count events of a day. Every figure is a sum of these.
"""

from __future__ import annotations

from typing import Final

#: Stocks: what a case *is* at the end of a day.
STOCKS: Final = (
    "cases",  # counts in the denominator: neither void nor unregistered
    "void",
    "open",
    "phase_closed",
    "completed",
    "closed",
    "reviewed",
    "handed_over",
    "signed_for",
    "reported",
    "replied",
    "overdue",  # any clock
    "overdue_report",
    "overdue_finish",
    "substantiated",
    "mostly",
    "partly",
    "unsubstantiated",
    "due_original",  # its original finish day has come
    "met_original",
    "due_current",
    "met_current",
    "key_cases",  # of the cases, those of weight "key" (重点)
)

#: Flows: what happened on a day, in that day's dimensions; never derived from stocks.
FLOWS: Final = ("arrivals", "closings", "reopenings")

ACCOUNTS: Final = STOCKS + FLOWS

INDEX: Final = {name: place for place, name in enumerate(ACCOUNTS)}
