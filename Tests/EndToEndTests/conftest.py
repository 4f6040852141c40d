"""Options and fixtures: the subject under test, backends, and the logs of a failing test."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness import backends, subjects  # noqa: E402
from harness.field import OTHER, OURS  # noqa: E402
from harness.ledger import CHANGE_MANY, LEDGER, NAME, PLAN, Bookkeeper, Ledger, entry  # noqa: E402
from harness.operators import Operator  # noqa: E402
from harness.records import Database  # noqa: E402

IDLE = {"phase": "idle"}
ROOT = pathlib.Path(__file__).parent.parent.parent


def pytest_addoption(parser):
    parser.addoption("--binary", default=str(ROOT / ".build/release/switchover"), help="the switchover binary")
    parser.addoption(
        "--subject", default="switchover", choices=["switchover", "direct", *subjects.PEERS],
        help="what stands between client and server; all but switchover run only what any hop can be asked for",
    )
    parser.addoption("--differential", help="SEED or SEED:INDEX: other requests of the differential run, or one again")
    parser.addoption("--long", action="store_true", help="10 GB streams and 10 minutes of load as well")


def pytest_configure(config):
    config.addinivalue_line("markers", "any_hop: holds for any gRPC hop, also runs with --subject")
    config.addinivalue_line("markers", "long: runs with --long only")
    config.addinivalue_line("markers", "alone: measures time, so that no other test may run beside it")


def pytest_collection_modifyitems(config, items):
    def wanted(item):
        if item.get_closest_marker("long") and not config.getoption("--long"):
            return False
        return config.getoption("--subject") == "switchover" or item.get_closest_marker("any_hop")

    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for subject in getattr(item, "subjects", []):
            if hasattr(subject, "log"):
                report.sections.append((f"log of {subject.name} at {subject.address}", subject.log()[-20_000:]))
    return report


@pytest.fixture(scope="session")
def binary(pytestconfig):
    path = pathlib.Path(pytestconfig.getoption("--binary")).resolve()
    assert path.exists(), f"{path} is not there: swift build -c release"
    return path


@pytest.fixture
def keep(request):
    """Closes what a test started, last first, and shows its logs when the test failed."""
    kept = []
    request.node.subjects = kept

    def keep(thing):
        kept.append(thing)
        return thing

    yield keep
    for thing in reversed(kept):
        thing.close()


@pytest.fixture
def ledgers():
    """Old and new as services of the tests' own kind, `ledger.v1.Ledger`; both note calls in one log."""
    log = []
    old, new = Ledger("old", log), Ledger("new", log)
    yield old, new
    old.close()
    new.close()


@pytest.fixture
def databases(tmp_path):
    """Old and new as SQLite databases, empty."""
    old, new = Database("old", tmp_path), Database("new", tmp_path)
    yield old, new
    old.close()
    new.close()


@pytest.fixture
def start(keep, binary, tmp_path):
    """start(old=..., new=..., switches={...}) starts the sidecar with a folder of its own, or in one that is there."""

    def start(old, new=None, switches=IDLE, folder=None, **settings):
        if folder is None:
            folder = tmp_path / f"sidecar-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
        return keep(subjects.Sidecar(binary, folder, old, new, switches, **settings))

    return start


@pytest.fixture
def hop(request, keep, tmp_path):
    """hop(upstream) puts the subject, at phase idle, in front of an upstream."""
    name = request.config.getoption("--subject")

    def hop(upstream, **settings):
        if name == "direct":
            return keep(subjects.Direct(upstream))
        if name in subjects.PEERS:
            return keep(subjects.PEERS[name](tmp_path, upstream))
        return request.getfixturevalue("start")(upstream, **settings)

    return hop


@pytest.fixture
def interop():
    """The interoperability service, in this process, so that tests see what it received."""
    server = backends.Interop()
    yield server
    server.close()


@pytest.fixture
def stock(tmp_path):
    """The same service as a stock grpcio server in a process of its own."""
    server = backends.StockServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def shops():
    """Two shops, old and new."""
    old, new = backends.Shop("old"), backends.Shop("new")
    yield old, new
    old.close()
    new.close()


@pytest.fixture
def field(start, ledgers, keep):
    """Both ledgers with both entries, a sidecar, its operator and a client."""

    def field(switches, keys=(OURS, OTHER), **settings):
        old, new = ledgers
        for side in (old, new):
            for key in keys:
                side.entries[key] = entry(key, 100)
        sidecar = start(
            old.address, new.address, switches, plan={**PLAN, "ChangeMany": CHANGE_MANY},
            migration={"services": [LEDGER], **NAME}, **settings)
        sidecar.await_ready()
        return sidecar, keep(Operator(sidecar)), keep(Bookkeeper(sidecar.address))

    return field
