"""How soon every worker decides by a changed switch file, and what the change costs those who serve calls."""

import os
import threading
import time

from .shopper import GET, Shopper, orders
from .stubs import shop


class Watchers:
    """Clients of one sidecar, two for each worker, that ask without a pause and note the epoch of each answer."""

    def __init__(self, sidecar, workers):
        self.sidecar = sidecar
        self.clients = [Shopper(sidecar.address) for _ in range(2 * workers)]
        for client in self.clients:
            assert client.get("in-both").code == "OK"

    def until(self, epoch, change, seconds=60):
        """Makes the change; returns the seconds until every client has had an answer of the epoch, and the slowest
        call meanwhile."""
        begun, seen, slowest, failures = time.monotonic() + seconds, [], [], []
        ready = threading.Barrier(len(self.clients) + 1)

        def ask(client):
            longest = 0
            ready.wait()
            while time.monotonic() < begun:
                start = time.monotonic()
                outcome = client.unary(GET, shop.GetRequest(id="in-both", store="0"))
                end = time.monotonic()
                longest = max(longest, end - start)
                if outcome.code != "OK":
                    failures.append(outcome)
                elif orders(outcome)[0].epoch == str(epoch):
                    seen.append(end)
                    break
            slowest.append(longest)

        threads = [threading.Thread(target=ask, args=(client,)) for client in self.clients]
        for thread in threads:
            thread.start()
        ready.wait()
        changed = change()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(seen) == len(self.clients), "an epoch that never came"
        return max(seen) - changed, max(slowest)

    def close(self):
        for client in self.clients:
            client.close()


def on_cpu(sidecar, prefix="worker-"):
    """Nanoseconds on a processor by thread id, of the threads of a name."""
    times = {}
    folder = f"/proc/{sidecar.pid}/task"
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm") as comm:
            if not comm.read().startswith(prefix):
                continue
        with open(f"{folder}/{thread}/schedstat") as schedule:
            times[thread] = int(schedule.read().split()[0])
    return times
