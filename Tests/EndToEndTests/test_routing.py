"""Each cell of the routing table that this step has: single query and pass-through, at every stage."""

import threading

import grpc
import pytest

from harness.history import Client
from harness.ports import free_address
from harness.processes import wait_for
from harness.shopper import GET, Shopper, orders, side
from harness.stubs import shop as messages
from harness.subjects import PLAN

# Switches under which store 406 is at the stage; store 367 is not enrolled where a set is given.
STORE = "406"
STAGES = {
    "old": dict(phase="idle"),
    "old, not enrolled": dict(phase="migrating", enrolled={"allow": ["367"]}, gray={"allow": ["367"]}),
    "dualOld": dict(phase="migrating", enrolled="all", gray={"allow": ["367"]}),
    "dualNew": dict(phase="migrating", enrolled="all", gray={"allow": [STORE]}),
    "dualNew, all": dict(phase="migrating", enrolled="all", gray="all"),
    "newMirrored": dict(phase="mirrored", enrolled="all", gray="all"),
    "new": dict(phase="finished", enrolled="all", gray="all"),
    "new, retired": dict(phase="retired", enrolled="all", gray="all"),
}
# No key goes over a stage: what is gray was enrolled before.
NONE_GRAY = dict(phase="migrating", enrolled="all")
# Who answers, and which sides are asked in this order, for an order that both have, old has, new has, nobody has.
SINGLE_QUERY = {
    "old": ["old: old", "old: old", "NOT_FOUND by old: old", "NOT_FOUND by old: old"],
    "dualOld": ["old: old", "old: old", "new: old new", "NOT_FOUND: old new"],
    "dualNew": ["new: new", "old: new old", "new: new", "NOT_FOUND: new old"],
    "newMirrored": ["new: new", "NOT_FOUND by new: new", "new: new", "NOT_FOUND by new: new"],
    "new": ["new: new", "NOT_FOUND by new: new", "new: new", "NOT_FOUND by new: new"],
}
HAVE = ["both", "old", "new", "nobody"]


def plain(stage):
    return stage.split(",")[0]


@pytest.fixture
def stocked(shops):
    old, new = shops
    old.orders |= {"in-both", "in-old"}
    new.orders |= {"in-both", "in-new"}
    return old, new


@pytest.fixture
def between(start, stocked):
    """between(switches) starts the sidecar between the two shops and returns it with a client."""
    clients = []

    def between(switches, **settings):
        sidecar = start(stocked[0].address, stocked[1].address, switches, **settings)
        clients.append(Shopper(sidecar.address))
        return sidecar, clients[-1]

    yield between
    for client in clients:
        client.close()


def asked(shops):
    """Sides in the order in which they were asked, and forgets them."""
    old, new = shops
    first_new = new.received and (not old.received or new.received[0][2].get("switchover-stage") == "dualNew")
    sides = ["new"] * len(new.received) + ["old"] * len(old.received)
    if not first_new:
        sides.reverse()
    old.received.clear()
    new.received.clear()
    return " ".join(sides)


@pytest.mark.parametrize("stage", STAGES)
def test_single_query(stage, between, stocked):
    _, client = between(STAGES[stage])
    found = []
    for have in HAVE:
        outcome = client.get(f"in-{have}", STORE)
        sides = asked(stocked)
        answer = side(outcome)
        # Absent on both: either side's own words may be passed on.
        answer = "NOT_FOUND" if len(sides.split()) == 2 and answer.startswith("NOT_FOUND") else answer
        found.append(f"{answer}: {sides}")
    print(stage, dict(zip(HAVE, found)))
    assert found == SINGLE_QUERY[plain(stage)]


@pytest.mark.parametrize("stage", STAGES)
def test_legs_carry_epoch_and_stage(stage, between, stocked):
    sidecar, client = between(STAGES[stage])
    client.get("in-both", STORE)
    seen = [metadata for shop in stocked for _, _, metadata in shop.received]
    assert [(leg.get("switchover-stage"), leg.get("switchover-epoch")) for leg in seen] == [
        (plain(stage), str(sidecar.epoch))
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_pass_through_follows_the_total_switch(stage, between):
    _, client = between(STAGES[stage])
    expected = "new" if plain(stage) in ("newMirrored", "new") else "old"
    assert side(client.change("in-both", STORE)) == expected
    watched = client.watch("in-both", STORE)
    assert [order.side for order in orders(watched)] == [expected] * 3


def test_enrolled_but_not_gray_store_beside_a_gray_one(between):
    _, client = between(dict(phase="migrating", enrolled={"allow": ["406", "367"]}, gray={"allow": ["367"]}))
    assert [side(client.get("in-both", store)) for store in ("406", "367", "999")] == ["old", "new", "old"]
    assert [side(client.get("in-new", store)) for store in ("406", "367", "999")] == ["new", "new", "NOT_FOUND by old"]


def test_deny_goes_before_allow_and_allow_before_percent(between):
    gray = {"deny": ["1"], "allow": ["1", "2"], "percent": 0}
    _, client = between(dict(phase="migrating", enrolled="all", gray=gray))
    assert [side(client.get("in-both", store)) for store in "123"] == ["old", "new", "old"]


def test_percentage_takes_its_share_and_keeps_it_when_it_grows(between):
    sidecar, client = between(dict(phase="migrating", enrolled="all", gray={"percent": 30}))
    stores = [str(store) for store in range(1000)]

    def gray():
        return {store for store in stores if side(client.get("in-both", store)) == "new"}

    first = gray()
    assert 230 < len(first) < 370
    switch(sidecar, client, phase="migrating", enrolled="all", gray={"percent": 60})
    second = gray()
    assert 530 < len(second) < 670
    assert first < second


def test_allow_file(between):
    sidecar, client = between(dict(phase="idle"))
    (sidecar.folder / "stores.txt").write_text("406\n367\n")
    switch(sidecar, client, phase="migrating", enrolled="all", gray={"allow_file": "stores.txt"})
    assert [side(client.get("in-both", store)) for store in ("406", "367", "999")] == ["new", "new", "old"]


def test_key_nested_in_the_message_and_of_another_type(between):
    key = {"path": "2.3", "type": "sint64"}
    switches = dict(phase="migrating", enrolled="all", gray={"allow": ["-5", "406"]})
    _, client = between(switches, plan={"Find": {"kind": "single_query"}}, migration={"gray_key": key})
    stores = (-5, 406, 5, 0)
    assert [side(client.find("in-both", store)) for store in stores] == ["new", "new", "old", "old"]


def test_a_field_that_is_not_there_has_its_default_value(between):
    _, client = between(dict(phase="migrating", enrolled="all", gray={"allow": [""]}))
    assert side(client.get("in-both", "")) == "new"
    assert side(client.get("in-both", "406")) == "old"


def required():
    return {**PLAN, "Get": {**PLAN["Get"], "gray_key": {"path": 1, "type": "string", "presence": "required"}}}


def test_missing_required_key_is_refused_by_its_path(between, stocked):
    _, client = between(dict(phase="migrating", enrolled="all", gray={"allow": ["1"]}), plan=required())
    outcome = client.get("in-both", "")
    assert (outcome.code, outcome.error) == ("INVALID_ARGUMENT", "missing-key")
    assert "1" in outcome.details
    assert asked(stocked) == ""


def test_missing_required_key_does_not_matter_where_it_does_not_decide(between):
    _, client = between(dict(phase="idle"), plan=required())
    assert side(client.get("in-both", "")) == "old"


def test_message_that_is_no_protobuf_is_refused(between, stocked):
    _, client = between(dict(phase="migrating", enrolled="all", gray={"allow": ["1"]}))
    for broken in (b"\xff\xff\xff\xff", b"\x0a\x7fshort", b"\x08", b"\x0b\x0c"):
        outcome = client.unary(GET, broken)
        assert outcome.code == "INVALID_ARGUMENT", broken
        assert outcome.error
    assert asked(stocked) == ""


def test_the_key_of_a_compressed_message_is_read(between, stocked):
    """The sides are sent the message as it came."""
    sidecar, client = between(dict(phase="migrating", enrolled="all", gray={"allow": ["1"]}))
    request = messages.GetRequest(id="in-both", store="1", padding=bytes(5000))
    assert side(client.unary(GET, request, compression=grpc.Compression.Gzip)) == "new"
    assert stocked[1].received[0][2].get("grpc-internal-encoding-request", "gzip") == "gzip"
    deflated = client.unary(GET, request, compression=grpc.Compression.Deflate)
    assert side(deflated) == "new"
    switch(sidecar, client, phase="migrating", enrolled="all", gray="all")
    assert side(client.unary(GET, request, compression=grpc.Compression.Gzip)) == "new"


def test_gray_fallback_off(between, stocked):
    _, client = between(STAGES["dualNew"], migration={"gray_fallback": "off"})
    assert side(client.get("in-old", STORE)) == "NOT_FOUND by new"
    assert asked(stocked) == "new"


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name not in ("OK", "NOT_FOUND")])
def test_only_the_declared_status_is_absence(code, between, stocked):
    _, client = between(STAGES["dualNew"])
    stocked[1].fail_with = code
    outcome = client.get("in-old", STORE)
    assert side(outcome) == f"{code.name} by new"
    assert outcome.details == "new was told to fail"
    assert asked(stocked) == "new"


@pytest.mark.parametrize("stage, order, other", [("dualOld", "in-new", 1), ("dualNew", "in-old", 0)])
def test_absent_on_one_side_and_failed_on_the_other(stage, order, other, between, stocked):
    _, client = between(STAGES[stage])
    stocked[other].fail_with = grpc.StatusCode.INTERNAL
    outcome = client.get(order, STORE)
    assert outcome.code == "UNAVAILABLE"
    assert outcome.error == "side-unreachable"
    assert stocked[other].side in outcome.details


@pytest.mark.parametrize("stage, order, other", [("dualOld", "in-new", 1), ("dualNew", "in-old", 0)])
def test_absent_on_one_side_and_the_other_unreachable(stage, order, other, between, stocked):
    _, client = between(STAGES[stage])
    stocked[other].stop()
    outcome = client.get(order, STORE)
    assert outcome.code == "UNAVAILABLE"
    assert outcome.error == "side-unreachable"
    assert stocked[other].side in outcome.details


def test_new_unreachable_touches_no_key_at_stage_old(between, stocked):
    stocked[1].stop()
    _, client = between(dict(phase="migrating", enrolled={"allow": ["1"]}, gray={"allow": ["1"]}))
    assert [side(client.get("in-old", store)) for store in ("2", "3")] == ["old", "old"]
    assert client.get("in-old", "1").error == "side-unreachable"


def test_one_deadline_for_both_asks(between, stocked):
    _, client = between(STAGES["dualOld"])
    stocked[0].wait_seconds = stocked[1].wait_seconds = 0.4
    assert client.get("in-new", STORE, timeout=0.6).code == "DEADLINE_EXCEEDED"
    assert side(client.get("in-new", STORE, timeout=5)) == "new"


def test_the_second_ask_gets_what_is_left(between, stocked):
    _, client = between(STAGES["dualOld"])
    stocked[0].wait_seconds = 0.5
    assert side(client.get("in-new", STORE, timeout=5)) == "new"
    assert 4.8 < stocked[0].remaining[-1] < 5.1
    assert 3.5 < stocked[1].remaining[-1] < 4.6


def test_the_plan_gives_a_deadline_to_a_call_without_one(between, stocked):
    """But not at stage old, where the sidecar is transparent (I7)."""
    sidecar, client = between(STAGES["dualOld"], plan={**PLAN, "Get": {**PLAN["Get"], "timeout": "300ms"}})
    stocked[0].wait_seconds = 1
    outcome = client.get("in-old", STORE, timeout=None)
    # The server has been told the same deadline, and its own answer may come first.
    assert (outcome.code, outcome.error) in (("DEADLINE_EXCEEDED", "deadline"), ("DEADLINE_EXCEEDED", None))
    stocked[0].wait_seconds = 0
    switch(sidecar, client, **NONE_GRAY)
    switch(sidecar, client, **STAGES["old"])
    stocked[0].wait_seconds = 1
    assert side(client.get("in-old", STORE, timeout=None)) == "old"


def test_metadata_and_trailers_of_the_answering_side_reach_the_client(between):
    _, client = between(STAGES["dualNew"])
    assert dict(client.get("in-old", STORE).trailing)["answered-by"] == "old"


def test_no_call_is_refused_before_the_switches_are_read(start, stocked):
    """Who listens can serve: the port opens when the switch file has been read."""
    for _ in range(10):
        sidecar = start(stocked[0].address, stocked[1].address)
        with Shopper(sidecar.address) as client:
            assert side(client.get("in-old")) == "old"
        sidecar.kill()


def test_no_switch_file(between):
    sidecar, client = between(None)
    outcome = client.get("in-old")
    assert (outcome.code, outcome.error) == ("UNAVAILABLE", "no-switches")
    assert sidecar.get("/readyz")[0] == 503
    sidecar.write_switches(phase="idle")
    wait_for(lambda: side(client.get("in-old")) == "old", 5, "serving after the first switch file")
    assert sidecar.get("/readyz")[0] == 200


def test_switch_file_that_goes_away_keeps_the_last_good_state(between):
    sidecar, client = between(STAGES["dualNew"])
    assert side(client.get("in-both", STORE)) == "new"
    sidecar.switch_file.unlink()
    wait_for(lambda: "switches.json" in sidecar.log(), 5, "a word in the log")
    assert side(client.get("in-both", STORE)) == "new"


def switch(sidecar, client, **switches):
    """Writes the switches and waits until a call carries their epoch."""
    sidecar.write_switches(**switches)

    def seen():
        reply = client.unary(GET, messages.GetRequest(id="in-both", store="0"))
        return reply.code == "OK" and orders(reply)[0].epoch == str(sidecar.epoch)

    wait_for(seen, 5, f"epoch {sidecar.epoch}")


@pytest.mark.parametrize("workers", [1, 3])
def test_every_phase_in_turn_while_calls_run(workers, between, stocked):
    """No call fails, and each is decided by one epoch."""
    sidecar, client = between(STAGES["old"], workers=workers)
    failures, epochs, stop = [], [], threading.Event()

    def call():
        with Shopper(sidecar.address) as caller:
            while not stop.is_set():
                outcome = caller.get("in-both", STORE)
                if outcome.code == "OK":
                    order = orders(outcome)[0]
                    epochs.append((int(order.epoch), order.stage, order.side))
                else:
                    failures.append(outcome)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    expected = {sidecar.epoch: "old"}
    stages = {**STAGES, "dualOld": NONE_GRAY}
    way = ["dualOld", "dualNew", "dualNew, all", "newMirrored", "new", "newMirrored", "dualNew", "dualOld", "old"]
    for stage in way * 2:
        switch(sidecar, client, **stages[stage])
        expected[sidecar.epoch] = plain(stage)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(epochs) > 30
    assert all(expected[epoch] == stage for epoch, stage, _ in epochs)
    assert all(answered == ("old" if stage in ("old", "dualOld") else "new") for _, stage, answered in epochs)
    both = [metadata for shop in stocked for _, _, metadata in shop.received]
    assert {metadata["switchover-epoch"] for metadata in both} <= {str(epoch) for epoch in expected}


BROKEN = {
    "cut short": '{"version": 1, "migrations": {"orders": {"epoch": 9, "pha',
    "empty": "",
    "not JSON": "phase: migrating",
    "unknown phase": '{"version": 1, "migrations": {"orders": {"epoch": 9, "phase": "gone", "enrolled": "all", '
                     '"gray": "all"}}}',
    "unknown key": '{"version": 1, "migrations": {"orders": {"epoch": 9, "phase": "finished", "enroled": "all", '
                   '"gray": "all"}}}',
    "unknown version": '{"version": 2, "migrations": {"orders": {"epoch": 9, "phase": "finished", "enrolled": "all", '
                       '"gray": "all"}}}',
    "migration missing": '{"version": 1, "migrations": {}}',
    "percent over 100": '{"version": 1, "migrations": {"orders": {"epoch": 9, "phase": "migrating", "enrolled": "all", '
                        '"gray": {"percent": 101}}}}',
    "list that is not there": '{"version": 1, "migrations": {"orders": {"epoch": 9, "phase": "migrating", '
                              '"enrolled": "all", "gray": {"allow_file": "nowhere.txt"}}}}',
    "epoch going back": '{"version": 1, "migrations": {"orders": {"epoch": 1, "phase": "finished", "enrolled": "all", '
                        '"gray": "all"}}}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_switch_file_keeps_the_last_good_state(text, between):
    sidecar, client = between(NONE_GRAY)
    switch(sidecar, client, **STAGES["dualNew"])
    logged = len(sidecar.log())
    sidecar.replace_switch_file(text)
    wait_for(lambda: "switches.json" in sidecar.log()[logged:], 5, "a word in the log about the broken file")
    assert side(client.get("in-both", STORE)) == "new"
    assert side(client.get("in-both", "1")) == "old"
    switch(sidecar, client, phase="mirrored", epoch=20)
    assert side(client.get("in-both", "1")) == "new"


@pytest.mark.alone
def test_a_gray_set_of_many_keys_reloads_while_calls_run(between):
    sidecar, client = between(STAGES["old"])
    (sidecar.folder / "many.txt").write_text("".join(f"store-{index}\n" for index in range(200_000)))
    switch(sidecar, client, phase="migrating", enrolled="all")
    switch(sidecar, client, phase="migrating", enrolled="all", gray={"allow_file": "many.txt"})
    assert side(client.get("in-both", "store-199999")) == "new"
    assert side(client.get("in-both", "store-200000")) == "old"


def test_services_outside_the_migrations(start, shops):
    """They follow the only migration's total switch."""
    old, new = shops
    sidecar = start(old.address, new.address, STAGES["dualNew, all"])
    with Client(sidecar.address) as client:
        outcome = client.unary("/other.v1.Service/Call", b"")
        assert outcome.code == "UNIMPLEMENTED"
        assert outcome.error is None, "the old side's own answer, not the sidecar's"
        sidecar.write_switches(phase="mirrored")
        new.stop()
        wait_for(lambda: client.unary("/other.v1.Service/Call", b"").error == "side-unreachable", 5, "routed to new")


def test_two_sidecars_one_switch_file_format(start, stocked):
    """A chain: the first sidecar's old side is another sidecar; its metadata replaces the first one's."""
    inner = start(stocked[0].address, stocked[1].address, STAGES["new"])
    outer = start(inner.address, free_address(), STAGES["old"])
    with Shopper(outer.address) as client:
        assert side(client.get("in-both", STORE)) == "new"
    _, _, metadata = stocked[1].received[-1]
    assert metadata["switchover-stage"] == "new"
