"""How fast transfers come in: ours, DuckDB and PostgreSQL, each in a process of its own.

Ours checks every field of every row, finds repeated ids, keeps the running balances, and has
each 50,000 rows on the disk before it reads on. The peers take typed columns as they are: two
rows a transfer (one an account), an index by account and order, a primary key on the id, and no
running balance; what they do is the least that a trail can be asked of.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq

from benchmarks.measure import MIB, Stopwatch, bytes_of, in_child, machine, table
from benchmarks.postgresql_server import programs, server
from benchmarks.world import BENCH, NOW_US, World, csv_of, make_world
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.workflows.import_ledger import Listener, import_ledger
