"""Real orders: the quickstart's slice, or the file that the environment's ORDERS names (.csv or .csv.gz)."""

import csv
import gzip
import os
import pathlib

SLICE = pathlib.Path(__file__).parents[3] / "examples/quickstart/orders.csv"


def real_orders():
    path = pathlib.Path(os.environ.get("ORDERS", SLICE))
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt") as file:
        return list(csv.DictReader(file))
