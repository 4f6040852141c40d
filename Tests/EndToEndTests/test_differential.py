"""The same request gets the same answer at every stage, but for the differences that the contract names.

    pytest Tests/EndToEndTests/test_differential.py --differential SEED:INDEX -k records     one again
    pytest Tests/EndToEndTests/test_differential.py --differential SEED                      another seed
"""

import pytest

from harness import subjects
from harness.differential import allowed, entries, entry_requests, grammar, order_requests, orders
from harness.differential.routing import PLACES
from harness.differential.run import Bench, Run, report
from harness.differential.wire import Caller

SEED = 1
# The words for what may be at the edge.
GROUPS = {"missing", "empty", "NULL", "extreme", "wrong type", "unknown field", "wrong gray key", "stale version",
          "limit", "coding", "deadline"}
WORLDS = {"records": order_requests.World, "interface": entry_requests.World}
SOON = {"settle_after": "30ms"}


def benches_of_records(stage, folder):
    benches = {}
    for place in PLACES:
        (folder / place).mkdir()
        old, new = stage.keep(orders.Store("old", folder / place)), stage.keep(orders.Store("new", folder / place))
        sidecar = stage.start(folder / place, "", "", place, **orders.settings(old, new))
        benches[place] = Bench(stage.keep(Caller(sidecar.address)), {"old": old, "new": new})
    truth = benches["old"]
    return Bench(truth.caller, {"old": truth.sides["old"]}), benches


def benches_of_interface(stage, folder):
    old, new, it = (stage.keep(entries.Registrar()) for _ in range(3))
    benches = {}
    for place in PLACES:
        (folder / place).mkdir()
        sidecar = stage.start(folder / place, old.address, new.address, place, plan=entries.plan(),
                              migration=entries.migration())
        benches[place] = Bench(stage.keep(Caller(sidecar.address)), {"old": old, "new": new})
    return Bench(stage.keep(Caller(it.address)), {"it": it}), benches


class Stage:
    """Starts sidecars and closes what was started, last first."""

    def __init__(self, binary):
        self.binary, self.kept = binary, []

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def start(self, folder, old, new, place, **settings):
        return self.keep(subjects.Sidecar(
            self.binary, folder, old, new, PLACES[place], limits=SOON, **settings)).await_ready()

    def close(self):
        for thing in reversed(self.kept):
            thing.close()


@pytest.fixture(scope="module", params=list(WORLDS))
def run(request, binary, tmp_path_factory):
    """All requests of a world, made at every place; once for all tests of this file."""
    world = WORLDS[request.param]
    seed, _, index = (request.config.getoption("--differential") or str(SEED)).partition(":")
    stage = Stage(binary)
    try:
        make = benches_of_records if request.param == "records" else benches_of_interface
        truth, benches = make(stage, tmp_path_factory.mktemp(request.param))
        made = Run(world, truth, benches, allowed.Reasons(world.name))
        made.whole = not index
        yield made.all(grammar.cases(world, int(seed), int(index) if index else None))
    finally:
        stage.close()


pytestmark = pytest.mark.timeout(600)


def test_the_same_request_gets_the_same_answer_at_every_stage(run, capsys):
    with capsys.disabled():
        print("\n" + run.table() + ("" if run.whole else report(run.differences)))
    faults = run.unexplained
    assert not faults, f"{len(faults)} differences:\n{report(faults)}"


def test_what_is_allowed_occurs(run):
    """An allowance that never occurs would hide a fault one day; a known fault that is gone is to be removed."""
    if run.whole:
        assert not run.reasons.dead, "never seen, so remove it"


def test_the_requests_are_enough(run):
    if run.whole:
        assert set(run.requests) == set(run.world.kinds)
        assert min(run.requests.values()) >= 25 and sum(run.requests.values()) >= 200
        wanted = GROUPS | ({"long order key"} if run.world.name == "records" else set())
        assert wanted <= set().union(*run.groups.values())


@pytest.mark.parametrize("reason", allowed.ALLOWED, ids=lambda each: each.name)
def test_what_is_allowed_stands_in_the_contract(reason):
    assert reason.words in allowed.contract()
