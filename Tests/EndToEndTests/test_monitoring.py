"""examples/monitoring: Prometheus' own tool over its files, and every metric that they name against a real sidecar."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, Ledger, entry
from harness.processes import wait_for

FOLDER = pathlib.Path(__file__).parents[2] / "examples/monitoring"
BOARD = json.loads((FOLDER / "dashboard.json").read_text())
ALERTS = (FOLDER / "alerts.yml").read_text()
MARK = "<!-- Written by: WRITE_METRICS=1 pytest Tests/EndToEndTests/test_monitoring.py -->\n"
# Prometheus' own, and what the scraped process does not export.
FOREIGN = {"up"}
KEY = ("406", 1)


def promtool(*arguments, cwd=FOLDER):
    tool = shutil.which("promtool")
    assert tool, "promtool is missing: Tests/run installs it"
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def exported(start):
    """Families as (name, type, labels, help) of a sidecar that has served calls of all kinds."""
    log = []
    old, new = Ledger("old", log), Ledger("new", log)
    switches = dict(phase="migrating", enrolled="all", gray="none")
    sidecar = start(
        old.address, new.address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME}).await_ready()
    for side in (old, new):
        side.entries[KEY] = entry(KEY, 10)
    with Bookkeeper(sidecar.address) as client:
        for outcome in (client.find(KEY), client.list(store="406"), client.change(KEY, 1), client.remove(KEY)):
            assert outcome.code == "OK", outcome
    text = wait_for(
        lambda: "hop_duration_seconds_count" in (found := sidecar.get("/metrics")[1]) and found, 5, "calls counted")
    old.close()
    new.close()
    return families(text)


def families(text):
    found = {}
    for line in text.splitlines():
        if line.startswith("# HELP"):
            name, help_text = line[7:].split(" ", 1)
            found[name] = [None, set(), help_text]
        elif line.startswith("# TYPE"):
            found[name][0] = line.rsplit(" ", 1)[1]
        else:
            found[name][1].update(set(re.findall(r'(\w+)="', line)) - {"le"})
    return found


def series(exported):
    """Names as queries write them, with their labels."""
    names = {}
    for name, (kind, labels, _) in exported.items():
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            names[name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return names


def selectors(query):
    """Metrics that a query names, each with the labels that it matches."""
    for name, _, labels in re.findall(r"\b((?:switchover|process)_\w+|up\b)(\{([^}]*)\})?", query):
        yield name, set(re.findall(r"(\w+)\s*[=!]~?", re.sub(r'"[^"]*"', '""', labels)))


def queries():
    panels = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
    board = [target["expr"] for panel in panels for target in panel["targets"]]
    return board + [annotation["expr"] for annotation in BOARD["annotations"]["list"]]


def test_prometheus_takes_the_files():
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")
    assert "SUCCESS" in promtool("check", "rules", "alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml")


def test_each_alert_is_seen_firing_and_quiet():
    alerts = re.findall(r"- alert: (\w+)", ALERTS)
    tests = (FOLDER / "alerts.test.yml").read_text()
    quiet = set(re.findall(r"alertname: (\w+), eval_time: \w+, exp_alerts: \[\]", tests))
    firing = set(re.findall(r"- alertname: (\w+)\n", tests))
    assert len(alerts) == len(set(alerts)) > 15
    assert firing == set(alerts)
    assert quiet == set(alerts)
    assert ALERTS.count("summary:") == ALERTS.count("description:") == len(alerts)


def test_rules_and_board_name_only_what_is_exported(exported):
    # Texts name histograms by their family.
    known = {name: labels for name, (_, labels, _) in exported.items()} | series(exported)
    rules = re.sub(r"#.*", "", ALERTS)
    named = [selector for query in [rules, *queries()] for selector in selectors(query)]
    assert len(named) > 80
    for name, labels in named:
        assert name in known or name in FOREIGN, f"{name} is not exported"
        unknown = labels - known.get(name, set()) - {"instance", "job"}
        assert not unknown, f"{name} has no label {unknown}"


def test_prometheus_takes_every_query_of_the_board(tmp_path):
    rules = []
    for index, query in enumerate(queries()):
        query = query.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$migration", ".*")
        assert "$" not in query, query
        rules.append(f"      - record: board:query{index}\n        expr: {json.dumps(query)}")
    path = tmp_path / "board.yml"
    path.write_text("groups:\n  - name: board\n    rules:\n" + "\n".join(rules) + "\n")
    assert f"{len(rules)} rules found" in promtool("check", "rules", path)


def test_the_board_is_one_that_grafana_takes():
    assert BOARD["schemaVersion"] >= 38
    assert [variable["name"] for variable in BOARD["templating"]["list"]] == ["datasource", "instance", "migration"]
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["type"] in ("timeseries", "stat")
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(letters) == len(set(letters))


def test_the_reference_is_what_is_exported(exported):
    page = FOLDER / "README.md"
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for name, (kind, labels, help_text) in exported.items():
        rows.append(f"| `{name}` | {kind} | {', '.join(sorted(labels))} | {help_text} |")
    head, mark, table = page.read_text().partition(MARK)
    assert mark, "the table's mark is gone"
    wanted = "\n" + "\n".join(rows) + "\n"
    if os.environ.get("WRITE_METRICS"):
        page.write_text(head + mark + wanted)
        table = wanted
    assert table == wanted, f"{page} is stale: run this test with WRITE_METRICS=1"
