"""The steps of a run as a table: one row a step and side, for spreadsheets and scripts."""

import csv
from io import StringIO

from app.caching.record import COLUMNS
from app.generation.trace import SIDES, Trace


def steps_csv(trace: Trace) -> str:
    """Comma-separated values with a heading; empty where nothing was measured."""
    text = StringIO()
    writer = csv.DictWriter(text, ["side", *COLUMNS], lineterminator="\n")
    writer.writeheader()
    for side in SIDES:
        for record in trace.records[side]:
            writer.writerow({"side": side, **record.to_json()})
    return text.getvalue()
