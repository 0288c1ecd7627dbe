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
    "overdue_ever",  # some clock ran unmet past its due day, now or before
    "due_report",  # the day by which its result is due has come
    "met_report",
    "due_this_year",  # its original finish day lies in the year of the day
    "done_this_year",  # of those, the ones whose work is done
    "originals",  # of the cases, those that are no further part of a split number
    "key_originals",
    "merged",  # follows a main case
    "merged_open",
    "calls",  # came by telephone
    "letters",
    "ever_closed",  # has been closed, now or before
    "rebounded",  # has been closed and taken up again
    "surveyed",  # the citizen was asked whether he is satisfied
    "satisfied",
    "key_closed",  # of the key cases, those closed or looked back at
    "key_done",  # of the key cases, those whose work is done
)

#: Flows: what happened on a day, in that day's dimensions; never derived from stocks.
FLOWS: Final = ("arrivals", "closings", "reopenings")

ACCOUNTS: Final = STOCKS + FLOWS

INDEX: Final = {name: place for place, name in enumerate(ACCOUNTS)}
