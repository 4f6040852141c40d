"""Plays a rollout: two services, the sidecar between them and a client that looks orders up all the while.

Each step edits the switch file, as an operator would, and shows which side answered what, by the replies themselves.
Exit status: 0 when no look-up failed and every step routed as its switches say.
"""

import argparse
import collections
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

import grpc

from orders_service import FOLDER, messages, not_copied, read_orders, services

PILOT = "406"  # the first store to move
STEPS = [
    # title, switches, which share of the stores may be answered by new: least and most
    ("everything on old", {"phase": "idle", "enrolled": "none", "gray": "none"}, 0, 0),
    (f"enrol store {PILOT}", {"phase": "migrating", "enrolled": {"allow": [PILOT]}, "gray": "none"}, 0, 0),
    (f"store {PILOT} reads new",
     {"phase": "migrating", "enrolled": {"allow": [PILOT]}, "gray": {"allow": [PILOT]}}, 0.001, 0.02),
    (f"{PILOT} and 10 % of stores",
     {"phase": "migrating", "enrolled": "all", "gray": {"allow": [PILOT], "percent": 10}}, 0.03, 0.25),
    ("every store reads new", {"phase": "migrating", "enrolled": "all", "gray": "all"}, 1, 1),
    ("rollback to the pilot", {"phase": "migrating", "enrolled": "all", "gray": {"allow": [PILOT]}}, 0.001, 0.02),
    ("rollback to old", {"phase": "idle", "enrolled": "none", "gray": "none"}, 0, 0),
]


class Shopper:
    """Looks up every order again and again and keeps what the replies say, by epoch."""

    def __init__(self, address):
        self.orders = read_orders()
        self.not_copied = not_copied(self.orders)
        self.stub = services.OrdersStub(grpc.insecure_channel(address))
        self.lock = threading.Lock()
        self.answers = collections.defaultdict(collections.Counter)
        self.sides = collections.defaultdict(lambda: collections.defaultdict(set))
        self.failures = []
        self.epoch = "0"
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stopping:
            for key in self.orders:
                if self.stopping:
                    return
                self.look_up(key)
                time.sleep(0.0005)

    def look_up(self, key):
        request = messages.GetOrderRequest(store_id=key[0], order_id=key[1])
        try:
            order = self.stub.Get(request, timeout=5)
        except grpc.RpcError as error:
            self.failures.append(f"{key}: {error.code().name}: {error.details()}")
            return
        if order.total_cents != int(self.orders[key]["total_cents"]):
            self.failures.append(f"{key}: wrong answer {order}")
        self.note(key, order)

    def note(self, key, order):
        with self.lock:
            self.epoch = order.epoch
            self.answers[order.epoch][order.answered_by] += 1
            if key not in self.not_copied:
                self.sides[order.epoch][key[0]].add(order.answered_by)
            elif order.stage == "dualNew":
                self.answers[order.epoch]["not copied yet"] += 1


class Stack:
    """The two services and the sidecar, each a process of its own, on free loopback ports."""

    def __init__(self, binary):
        self.binary = binary
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchover-grpc-service-"))
        self.old, self.new, self.listen, self.stats = free_addresses(4)
        self.processes = []

    def start(self):
        for side, address in (("old", self.old), ("new", self.new)):
            self.launch([sys.executable, str(FOLDER / "orders_service.py"), side, address])
            await_port(address)
        configuration = self.folder / "switchover.yaml"
        shutil.copy(FOLDER / "switchover.yaml", configuration)
        subprocess.run([self.binary, "init-switches", "--config", configuration], check=True)
        self.launch([
            self.binary, "serve", "--config", str(configuration), "--listen", self.listen, "--stats", self.stats,
            "--upstream", f"orders-old={self.old}", "--upstream", f"orders-new={self.new}",
        ])
        await_port(self.listen)

    def launch(self, command):
        with open(self.folder / "log", "ab") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def switch(self, epoch, switches):
        """Replaces the switch file in one step."""
        state = {"version": 1, "migrations": {"orders": {"epoch": epoch, **switches}}}
        path = self.folder / "switches.next"
        path.write_text(json.dumps(state, indent=2) + "\n")
        os.replace(path, self.folder / "switches.json")

    def stop(self):
        """Ends what was started, the sidecar first and in its orderly way; its exit status."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60 if process is self.processes[-1] else 5)
            except subprocess.TimeoutExpired:
                process.kill()
        return self.processes[-1].returncode


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def await_port(address, seconds=20):
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise SystemExit(f"nothing listens on {address}") from None
            time.sleep(0.05)


def await_epoch(shopper, epoch, seconds=10):
    end = time.monotonic() + seconds
    while shopper.epoch != str(epoch) and time.monotonic() < end:
        time.sleep(0.01)


def row(title, epoch, shopper):
    answers = shopper.answers[str(epoch)]
    stores = shopper.sides[str(epoch)]
    moved = sum(sides == {"new"} for sides in stores.values())
    return (f"{epoch:>5}  {title:<26} {answers['old'] + answers['new']:>7} {answers['old']:>7} {answers['new']:>7} "
            f"{answers['not copied yet']:>10} {moved:>5} of {len(stores):<3} {len(shopper.failures):>6}")


def play(stack, shopper, seconds):
    """Plays the steps; what went wrong, in words."""
    print(f"\n{'epoch':>5}  {'step':<26} {'calls':>7} {'by old':>7} {'by new':>7} {'not copied':>10} "
          f"{'stores new':>12} {'failed':>6}")
    faults, gray_before = [], set()
    for index, (title, switches, least, most) in enumerate(STEPS):
        epoch = index + 1
        if epoch > 1:
            stack.switch(epoch, switches)
        await_epoch(shopper, epoch)
        watch(title, epoch, shopper, seconds)
        stores = shopper.sides[str(epoch)]
        gray = {store for store, sides in stores.items() if sides == {"new"}}
        faults += judge(title, stores, gray, least, most)
        if title.startswith(("store", PILOT, "every")) and not gray_before <= gray:
            faults.append(f"{title}: stores went back to old while the share grew")
        gray_before = gray
    return faults


def judge(title, stores, gray, least, most):
    if not stores:
        return [f"{title}: no call was decided by these switches"]
    faults = [f"{title}: store {store} was answered by both sides" for store, sides in stores.items() if len(sides) > 1]
    share = len(gray) / len(stores)
    if not least <= share <= most:
        faults.append(f"{title}: {len(gray)} of {len(stores)} stores were answered by new")
    if 0 < most < 1 and PILOT not in gray:
        faults.append(f"{title}: store {PILOT} was answered by old")
    return faults


def watch(title, epoch, shopper, seconds):
    """Shows the step's row, afresh while it grows where the output is a terminal."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(0.25, left))
        if sys.stdout.isatty():
            print("\r" + row(title, epoch, shopper), end="", flush=True)
    print(("\r" if sys.stdout.isatty() else "") + row(title, epoch, shopper), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", required=True, help="the switchover binary")
    options.add_argument("--seconds", type=float, default=4, help="length of a step")
    chosen = options.parse_args()
    stack = Stack(os.path.abspath(chosen.binary))
    try:
        stack.start()
        shopper = Shopper(stack.listen)
        shopper.thread.start()
        faults = play(stack, shopper, chosen.seconds)
        shopper.stopping = True
        shopper.thread.join()
    finally:
        status = stack.stop()
    faults += shopper.failures[:5]
    if status != 0:
        faults.append(f"the sidecar ended with status {status}")
    total = sum(answers["old"] + answers["new"] for answers in shopper.answers.values())
    print(f"\n{total} look-ups, {len(shopper.failures)} failed. Log and files: {stack.folder}")
    for fault in faults:
        print(f"WRONG: {fault}")
    print("verdict: " + ("FAILED" if faults else "OK, every store moved and came back, and no call failed"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
