"""What the stats port counts of merges, double writes, lanes and switches, against calls whose outcome is known."""

import json
import threading

import grpc
import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry, hang
from harness.processes import wait_for
from harness.subjects import run

KEY = ("406", 1)
DUAL_OLD = dict(phase="migrating", enrolled="all", gray="none")
DUAL_NEW = dict(phase="migrating", enrolled="all", gray={"allow": ["406"]})


@pytest.fixture
def between(start, ledgers):
    clients = []

    def between(switches, **settings):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME},
            **settings).await_ready()
        clients.append(Bookkeeper(sidecar.address))
        return sidecar, clients[-1]

    yield between
    for client in clients:
        client.close()


class Samples(dict):
    """Samples of /metrics by name and labels."""

    def __init__(self, sidecar):
        super().__init__()
        for line in sidecar.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                self[name] = float(value)

    def total(self, name, *labels):
        return sum(value for key, value in self.items()
                   if key.split("{")[0] == f"switchover_{name}" and all(label in key for label in labels))


def put(side, number, cents, store="406"):
    side.entries[(store, number)] = entry((store, number), cents)


def counted(sidecar, name, value, *labels):
    return wait_for(lambda: (found := Samples(sidecar)).total(name, *labels) == value and found, 5, f"{name} {value}")


def test_merges(between, ledgers):
    """Old has 1, 2 and 4, new has 1, 3 and a stale copy of 4 that stands elsewhere in the order."""
    sidecar, client = between(DUAL_OLD)
    old, new = ledgers
    for side, rows in ((old, [(1, 50), (2, 40), (4, 5)]), (new, [(1, 50), (3, 30), (4, 60)])):
        for number, cents in rows:
            put(side, number, cents)
    outcome = client.list(store="406", at_least_cents=10)
    assert outcome.code == "OK"
    samples = counted(sidecar, "merged_queries_total", 1)
    assert samples.total("merged_pages_total") == 2
    assert samples.total("merged_rows_total") == 3, "1, 2 and 3: 4 is below ten cents on its authority"
    assert samples.total("duplicates_dropped_total") == 1
    assert samples.total("suspects_looked_up_total") == 2
    assert samples.total("suspects_dropped_total") == 1
    assert samples.total("suspects_kept_total") == 1
    assert samples.total("side_calls_total", 'side="old"', 'kind="multi_query"') == 2


def test_fall_backs(between, ledgers):
    sidecar, client = between(DUAL_NEW)
    put(ledgers[0], 1, 10)
    for _ in range(3):
        assert client.find(KEY).code == "OK"
    samples = counted(sidecar, "unmigrated_reads_total", 3, 'migration="orders"')
    assert samples.total("absent_fallbacks_total") == 3
    assert client.change(KEY, 1).code == "OK"
    samples = counted(sidecar, "unmigrated_writes_total", 1)
    assert samples.total("records_not_copied_total") == 1


def test_follower_failures(between, ledgers):
    sidecar, client = between(DUAL_OLD)
    for side in ledgers:
        put(side, 1, 10)
    ledgers[1].faults["Overwrite"] = grpc.StatusCode.FAILED_PRECONDITION
    for _ in range(2):
        assert dict(client.change(KEY, 1).trailing)["switchover-error"] == "partial-write"
    samples = counted(sidecar, "follower_failures_total", 2)
    assert samples.total("records_dirty_total") == 2
    assert samples.total("records_stuck_total") == 2
    assert samples.total("double_writes_total") == 2
    assert samples.total("lanes_held") == 0


def test_lanes(between, ledgers):
    sidecar, client = between(DUAL_OLD)
    for side in ledgers:
        put(side, 1, 10)
    go_on = threading.Event()
    ledgers[0].faults["Change"] = lambda *_: go_on.wait(10)
    threads = [threading.Thread(target=client.change, args=(KEY, 1)) for _ in range(4)]
    for thread in threads:
        thread.start()
    samples = counted(sidecar, "lanes_waiting", 3)
    assert samples.total("lanes_held") == 1
    assert samples.total("calls_in_flight") == 4
    go_on.set()
    for thread in threads:
        thread.join()
    samples = counted(sidecar, "lanes_waiting", 0)
    samples = counted(sidecar, "lanes_held", 0)
    assert samples.total("lane_wait_seconds_count") == 3
    assert 0 < samples.total("lane_longest_wait_seconds") <= samples.total("lane_wait_seconds_sum")
    report = json.loads(sidecar.get("/stats")[1])["migrations"]["orders"]
    assert report["counters"]["lanesEntered"] == 4
    assert report["laneWaits"]["count"] == 3


def test_the_hops_own_cost_is_what_the_sides_did_not_take(between, ledgers):
    """A side that is slow costs the hop nothing; a lane that is waited for does."""
    sidecar, client = between(DUAL_OLD)
    for side in ledgers:
        put(side, 1, 10)
    ledgers[0].faults["Find"] = hang(0.2)
    assert client.find(KEY).code == "OK"
    samples = counted(sidecar, "hop_duration_seconds_count", 1, 'kind="single_query"')
    assert samples.total("call_duration_seconds_sum", 'kind="single_query"') > 0.2
    assert samples.total("side_duration_seconds_sum", 'kind="single_query"') > 0.2
    assert samples.total("hop_duration_seconds_sum", 'kind="single_query"') < 0.1
    # Both sides are asked at once: time counts once.
    ledgers[0].faults["List"] = ledgers[1].faults["List"] = hang(0.2)
    assert client.list(store="406").code == "OK"
    samples = counted(sidecar, "hop_duration_seconds_count", 1, 'kind="multi_query"')
    assert samples.total("side_duration_seconds_sum", 'kind="multi_query"') > 0.4
    assert samples.total("call_duration_seconds_sum", 'kind="multi_query"') < 0.4
    assert samples.total("hop_duration_seconds_sum", 'kind="multi_query"') < 0.1
    ledgers[0].faults["Change"] = hang(0.2)
    threads = [threading.Thread(target=client.change, args=(KEY, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    samples = counted(sidecar, "hop_duration_seconds_count", 2, 'kind="update"')
    assert 0.15 < samples.total("hop_duration_seconds_sum", 'kind="update"') < 0.5
    assert 0 < samples.total("worker_busy_seconds_total") < 2
    assert samples.total("worker_longest_batch_seconds") > 0


def test_switches(between, ledgers):
    sidecar, _ = between(DUAL_NEW, workers=2)
    samples = Samples(sidecar)
    assert samples.total("switches_keys", 'set="gray"', 'list="allow"') == 1
    assert samples.total("switches_share_ratio", 'set="enrolled"') == 1
    assert samples.total("switches_share_ratio", 'set="gray"') == 0
    assert samples.total("switch_changes_total") == 0
    first = samples.total("switches_last_change_timestamp_seconds")
    assert first > 1_700_000_000
    gray = {"allow": ["1", "2"], "deny": ["3"], "percent": 12.5}
    sidecar.write_switches(phase="migrating", enrolled="all", gray=gray)
    samples = counted(sidecar, "switch_changes_total", 1)
    assert samples.total("switches_keys", 'set="gray"', 'list="allow"') == 2
    assert samples.total("switches_keys", 'set="gray"', 'list="deny"') == 1
    assert samples.total("switches_share_ratio", 'set="gray"') == 0.125
    assert samples.total("switches_last_change_timestamp_seconds") > first
    assert samples.total("switch_change_hold_seconds") < 1
    assert len([name for name in samples if name.startswith("switchover_worker_busy")]) == 2


def test_stats_has_every_number_of_metrics(between, ledgers):
    sidecar, client = between(DUAL_OLD)
    put(ledgers[0], 1, 10)
    client.find(KEY)
    counted(sidecar, "calls_total", 1)
    report = json.loads(sidecar.get("/stats")[1])
    find = next(method for method in report["methods"] if method["method"].endswith("/Find"))
    assert (find["kind"], find["hop"]["count"], find["sides"]["old"]["count"]) == ("single_query", 1, 1)
    assert report["switches"]["orders"]["enrolledShare"] == 1
    assert report["workers"][0]["busySeconds"] > 0
    assert report["switchChanges"]["made"] == 0


def test_config_is_what_is_served_and_could_be_served_again(between, binary, tmp_path):
    sidecar, _ = between(DUAL_OLD, workers=2, arguments=["--log-format", "json"])
    status, text = sidecar.get("/config")
    shown = json.loads(text)
    assert status == 200
    assert (shown["workers"], shown["listen"], shown["log"]["format"]) == (2, sidecar.address, "json")
    assert shown["limits"]["lane_queue"] == "100"
    assert shown["migrations"]["orders"]["methods"]["Find"]["timeout"] == "30s"
    again = tmp_path / "again.yaml"
    again.write_text(text)
    checked = run(binary, "check", "--config", again)
    assert checked.returncode == 0, checked.stderr
