"""Records on SQLite through the sidecar beside a bare loop over the same statements, in one run.

Prints a table; nothing in it is a pass or a fail, since machines differ: compare the ratios.
"""

import argparse
import json
import pathlib
import re
import resource
import sqlite3
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent
RECORDS = 10_000


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def value(content):
    """`Value` of records.proto: text is field 6, int64 field 2."""
    return field(2, content) if isinstance(content, int) else field(6, content.encode())


def framed(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


ENTITY = field(1, b"orders")
KEYS = field(2, field(1, value(1))) + field(3, value("406"))
REQUESTS = {
    "Get": framed(ENTITY + KEYS),
    "Query": framed(ENTITY + field(5, 50)),
    "Update": framed(ENTITY + KEYS + field(4, field(1, b"status") + field(2, value("sent")))),
}


def databases(folder):
    old, new = folder / "old.db", folder / "new.db"
    rows = [(number, "406", "open", number * 7 % 9_999, 1) for number in range(1, RECORDS + 1)]
    for path, table, columns in [
        (old, "t_order", "order_no integer primary key, store_id text not null, status text, total integer"),
        (new, "orders", "id integer primary key, store text not null, state text, cents integer"),
    ]:
        path.unlink(missing_ok=True)
        link = sqlite3.connect(path)
        link.execute("pragma journal_mode = wal")
        link.execute(f"create table {table} ({columns}, version integer not null default 1)")
        link.executemany(f"insert into {table} values (?, ?, ?, ?, ?)", rows)
        link.commit()
        link.close()
    return old, new


class Sidecar:
    """The binary on two databases, at one state of the switches."""

    def __init__(self, binary, folder, old, new, phase):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        text = {"type": "text", "nullable": True}
        number = {"type": "int64", "nullable": True}
        (folder / "switchover.yaml").write_text(json.dumps({
            "listen": f"127.0.0.1:{self.port}", "stats": "off",
            "upstreams": {"old": {"sqlite": str(old)}, "new": {"sqlite": str(new)}},
            "migrations": {"orders": {"old": "old", "new": "new", "records": {
                "entity": "orders", "key": "id", "gray_key": "store", "version": "version",
                "fields": {"id": "int64", "store": "text", "status": text, "cents": number, "version": "int64"},
                "old": {"table": "t_order", "columns": {"id": "order_no", "store": "store_id", "cents": "total"}},
                "new": {"table": "orders", "columns": {"status": "state"}}}}}}))
        (folder / "switches.json").write_text(json.dumps({"version": 1, "migrations": {"orders": {
            "epoch": 1, "phase": phase, "enrolled": "all", "gray": "none"}}}))
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--config", str(folder / "switchover.yaml")], stdout=log, stderr=log)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the sidecar does not listen")

    def cpu(self):
        """Seconds of CPU so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def load(self, folder, method, count, connections, streams):
        """Wall-clock and CPU seconds of `count` calls."""
        body = folder / method
        body.write_bytes(REQUESTS[method])
        before = self.cpu()
        output = subprocess.run([
            "h2load", "-n", str(count), "-c", str(connections), "-m", str(streams), "-t", "1", "-d", str(body),
            "-H", "content-type: application/grpc", "-H", "te: trailers",
            f"http://127.0.0.1:{self.port}/switchover.v1.Records/{method}",
        ], capture_output=True, text=True, check=True).stdout
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", output)
        data = int(re.search(r"\((\d+)\) data", output).group(1))
        if int(done.group(1)) != count or data == 0:
            raise SystemExit(f"{method}: {done.group(0)}, {data} bytes of data")
        unit = {"us": 1e-6, "ms": 1e-3, "s": 1}
        seconds = re.search(r"finished in ([\d.]+)(us|ms|s)", output)
        return float(seconds.group(1)) * unit[seconds.group(2)], self.cpu() - before

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def bare(program, *words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(output), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(name, count, ours, theirs):
    print(f"{name:<34} {count / ours[0]:>10,.0f}/s {ours[1] / count * 1e6:>9.1f} us {count / theirs[0]:>12,.0f}/s "
          f"{theirs[1] / count * 1e6:>9.1f} us {theirs[0] / ours[0]:>7.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/switchover"))
    parser.add_argument("--calls", type=int, default=40_000)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchover-benchmark-"))
    program = str(folder / "bare_loop")
    subprocess.run(["clang", "-O2", "-o", program, str(HERE / "bare_loop.c"), "-lsqlite3"], check=True)
    old, new = databases(folder)
    print(f"{'':<34} {'sidecar':>12} {'CPU a call':>12} {'bare loop':>14} {'CPU each':>12} {'ratio':>7}")
    for phase, stage in [("idle", "old"), ("migrating", "dualOld")]:
        sidecar = Sidecar(options.binary, folder, old, new, phase)
        try:
            for method, count, word in [("Get", options.calls, "get"), ("Query", options.calls // 10, "query")]:
                ours = sidecar.load(folder, method, count, 4, 16)
                theirs = bare(program, word, old, count)
                row(f"{method} at {stage}, 4 x 16 streams", count, ours, theirs)
            if stage == "old":
                continue
            count = options.calls // 20
            ours = sidecar.load(folder, "Update", count, 1, 1)
            theirs = bare(program, "write", old, new, count)
            row(f"Update at {stage}, one at a time", count, ours, theirs)
            print(f"{'':<34} {ours[0] / count * 1e6:>9.0f} us a call beside {theirs[0] / count * 1e6:.0f} us for both "
                  "writes without a sidecar")
        finally:
            sidecar.close()


if __name__ == "__main__":
    sys.exit(main())
