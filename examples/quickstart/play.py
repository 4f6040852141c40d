"""Plays a migration: two databases, a sidecar on them, an app that reads and writes all the while, and an operator who
moves its stores with the real commands, and back. Then judges the run (`verdict.py`).

Exit status: 0 when the verdict is PASS; 1 when it is FAIL, or a command failed.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import databases
import sabotage

FOLDER = pathlib.Path(__file__).parent
STEPS = [
    # A name, what the operator does, and what it means.
    ("idle", [], "everything is answered by old"),
    ("migrating", ["total orders migrating"], "the gray switch decides from here on; no store is enrolled yet"),
    ("406 enrolled", ["enrol orders add 406"], "written on both sides, read from old; its inserts go to new"),
    ("406 gray", ["gray orders add 406"], "read from new; what new lacks, from old"),
    ("10 % gray", ["enrol orders all", "gray orders percent 10"], "all are enrolled, 10 % of them read from new"),
    ("all gray", ["gray orders all"], "every store is read from new; old has stopped growing"),
    ("rolled back", ["rollback orders", "gray orders none"], "every store is read from old, and nothing is lost"),
]
SABOTAGE_AFTER = "all gray"
HEADING = (f"{'epoch':>5}  {'step':<13} {'calls':>6} {'failed':>6} {'asked old':>9} {'asked new':>9} "
           f"{'median':>8} {'p99':>8} {'old rows':>8} {'new rows':>8}")


class App:
    """The client workload, and what it last said of itself."""

    def __init__(self, workload, address, folder):
        self.process = subprocess.Popen(
            [workload, "--address", address, "--orders", databases.ORDERS, "--log", folder / "calls.jsonl"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.progress = dict(calls=0, failed=0, medianMicroseconds=0, p99Microseconds=0)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            self.progress = json.loads(line)

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(30)


class Sidecar:
    """The real binary and its operator's commands, in a folder of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.address = free_address()
        shutil.copy(FOLDER / "switchover.yaml", folder)
        self.command("init-switches")
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--listen", self.address, "--stats", "off"], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.await_serving()

    def await_serving(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if self.run("status", "orders").returncode == 0 and self.status()["inForce"]:
                return
            time.sleep(0.05)
        raise SystemExit(f"the sidecar does not serve; its log:\n{(self.folder / 'log').read_text()}")

    def run(self, *words):
        return subprocess.run([self.binary, *words], cwd=self.folder, capture_output=True, text=True)

    def command(self, *words):
        """A command of the operator's; one that fails ends the run."""
        done = self.run(*words)
        if done.returncode != 0:
            raise SystemExit(f"switchover {' '.join(words)}: exit status {done.returncode}\n{done.stderr}{done.stdout}")
        return done.stdout

    def status(self):
        """Of the migration, by the control socket: what the live table shows; the verdict has sources of its own."""
        status = json.loads(self.command("status", "orders", "--json"))["migrations"][0]
        return {**status, "inForce": status.get("inForce"),
                "asked": {side["side"]: int(side.get("asked", 0)) for side in status.get("sides", [])}}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


class Table:
    """The live table: a row a step, which grows in its place where the output is a terminal."""

    def __init__(self, sidecar, app):
        self.sidecar, self.app = sidecar, app
        self.is_live = sys.stdout.isatty()
        print(f"\n{HEADING}")

    def show(self, title, seconds):
        begin, calls, failed = self.sidecar.status(), self.app.progress["calls"], self.app.progress["failed"]
        end = time.monotonic() + seconds
        while True:
            row = self.row(title, begin, calls, failed)
            left = end - time.monotonic()
            if left <= 0:
                break
            if self.is_live:
                print("\r" + row, end="", flush=True)
            time.sleep(min(0.3, left))
        print(("\r" if self.is_live else "") + row, flush=True)

    def row(self, title, begin, calls, failed):
        now, app = self.sidecar.status(), self.app.progress
        asked = {side: count - begin["asked"][side] for side, count in now["asked"].items()}
        rows = {side: len(databases.rows(self.sidecar.folder, side)) for side in ("old", "new")}
        return (f"{now['inForce']['epoch']:>5}  {title:<13} {app['calls'] - calls:>6} {app['failed'] - failed:>6} "
                f"{asked['old']:>9} {asked['new']:>9} {app['medianMicroseconds'] / 1000:>6.2f}ms "
                f"{app['p99Microseconds'] / 1000:>6.2f}ms {rows['old']:>8} {rows['new']:>8}")


def play(sidecar, app, options):
    table = Table(sidecar, app)
    for name, commands, meaning in STEPS:
        for command in commands:
            print(f"       $ switchover {command}")
            sidecar.command(*command.split())
        print(f"       {meaning}")
        if options.sabotage and name == SABOTAGE_AFTER:
            print(f"       sabotage: {sabotage.plant(options.sabotage, sidecar.folder)}")
        table.show(name, options.seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the switchover binary")
    parser.add_argument("--workload", required=True, help="the app's binary")
    parser.add_argument("--seconds", type=float, default=4, help="length of a step")
    parser.add_argument(
        "--sabotage", choices=sabotage.FAULTS, help="plant a fault behind the sidecar's back; the verdict must be FAIL")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchover-quickstart-"))
    databases.create(folder)
    sidecar = Sidecar(os.path.abspath(options.binary), folder)
    try:
        app = App(os.path.abspath(options.workload), sidecar.address, folder)
        try:
            play(sidecar, app, options)
        finally:
            app_status = app.stop()
        print("\n" + sidecar.command("status", "orders").strip())
    finally:
        sidecar_status = sidecar.stop()
    if app_status != 0 or sidecar_status != 0:
        raise SystemExit(f"the app ended with status {app_status}, the sidecar with {sidecar_status}; see {folder}/log")
    status = subprocess.run([sys.executable, FOLDER / "verdict.py", folder]).returncode
    print(f"databases, log and history: {folder}")
    return status


if __name__ == "__main__":
    sys.exit(main())
