"""Reading sheets: a limited child process, headers, mapping, row values, difference.

The order of use: ``sheet.read_sheet`` → ``layout.find_layout`` → ``rows.read_rows`` →
``compare.difference``; ``marked.marked_copy`` gives the sheet back with its errors marked.
This module must stay empty: the reading child imports it at every start.
"""
