"""The command line: check, version, init-switches, and what `serve` refuses."""

import json
import os
import socket
import stat

import pytest

from harness.ports import free_address, free_port
from harness.processes import Process, accepts, wait_for
from harness.shopper import Shopper, side
from harness.subjects import run

CONFIGURATION = """\
listen: "{listen}"
stats: "{stats}"
control: switchover.sock
switches: switches.json
upstreams:
  orders-old: {{ address: 127.0.0.1:50051 }}
  orders-new: {{ address: 127.0.0.1:50052 }}
migrations:
  orders:
    old: orders-old
    new: orders-new
    services: [shop.v1.Orders]
    gray_key: {{ path: 1, type: string }}
    methods:
      Get:   {{ kind: single_query, absent: NOT_FOUND, timeout: 30s }}
      Watch: {{ kind: pass_through, effect: read }}
"""


@pytest.fixture
def configuration(tmp_path):
    path = tmp_path / "switchover.yaml"

    def write(replace="", by="", listen=None, stats=None):
        text = CONFIGURATION.format(listen=listen or free_address(), stats=stats or free_address())
        assert replace in text
        path.write_text(text.replace(replace, by, 1) if replace else text)
        return path

    return write


def test_version(binary):
    done = run(binary, "version")
    assert done.returncode == 0
    assert done.stdout.strip()
    assert run(binary, "--version").returncode == 0


def test_help_names_every_command(binary):
    done = run(binary, "--help")
    assert done.returncode == 0
    for command in ("serve", "check", "version", "init-switches"):
        assert command in done.stdout
    assert run(binary, "serve", "--help").returncode == 0


def test_unknown_command_or_option(binary):
    for arguments in (["nonsense"], ["serve", "--nonsense"], ["serve", "--workers"]):
        done = run(binary, *arguments)
        assert done.returncode == 64, "EX_USAGE"
        assert done.stderr


def test_check_accepts_a_good_configuration(binary, configuration):
    done = run(binary, "check", "--config", configuration())
    assert done.returncode == 0, done.stderr
    assert "orders" in done.stdout
    assert json.loads(run(binary, "check", "--json", "--config", configuration()).stdout)


@pytest.mark.parametrize("replace, by, line, words", [
    ("upstreams:", "upstream:", 5, ["upstream", "upstreams"]),
    ("gray_key:", "gray_kye:", 13, ["gray_kye", "gray_key"]),
    ("old: orders-old", "old: orders-odl", 10, ["orders-odl", "orders-old"]),
    ("type: string", "type: strin", 13, ["strin", "string"]),
    ("path: 1", "path: 0", 13, ["path"]),
    ("kind: single_query", "kind: single_qery", 15, ["single_qery", "single_query"]),
    ("absent: NOT_FOUND", "absent: MISSING", 15, ["MISSING"]),
    ("timeout: 30s", "timeout: soon", 15, ["soon"]),
    ("127.0.0.1:50051", "127.0.0.1", 6, ["127.0.0.1"]),
    ("127.0.0.1:50051", "127.0.0.1:99999", 6, ["99999"]),
    ("services: [shop.v1.Orders]", "services: shop.v1.Orders", 12, ["services"]),
    ("effect: read", "effect: maybe", 16, ["maybe", "read"]),
    ("control:", "workers: many\ncontrol:", 3, ["workers"]),
    ("control:", "control: a\ncontrol:", 4, ["control"]),
    ("switches:", "limits: { message_byts: 1MiB }\nswitches:", 4, ["message_byts", "message_bytes"]),
    ("migrations:", "migrations: [", None, []),
])
def test_check_names_file_line_and_what_to_write(replace, by, line, words, binary, configuration):
    path = configuration(replace, by)
    done = run(binary, "check", "--config", path)
    print(done.stderr)
    assert done.returncode == 1
    if line:
        assert f"{path}:{line}:" in done.stderr
    assert str(path) in done.stderr
    for word in words:
        assert word in done.stderr


def test_check_of_a_file_that_is_not_there(binary, tmp_path):
    done = run(binary, "check", "--config", tmp_path / "none.yaml")
    assert done.returncode == 1
    assert "none.yaml" in done.stderr


def test_serve_refuses_a_wrong_configuration(binary, configuration):
    done = run(binary, "serve", "--config", configuration("type: string", "type: strin"))
    assert done.returncode == 1
    assert "strin" in done.stderr


def test_init_switches_makes_the_first_file_only(binary, configuration):
    path = configuration()
    done = run(binary, "init-switches", "--config", path)
    assert done.returncode == 0, done.stderr
    switches = path.parent / "switches.json"
    written = json.loads(switches.read_text())
    assert written["version"] == 1
    assert written["migrations"]["orders"]["phase"] == "idle"
    assert not stat.S_IMODE(switches.stat().st_mode) & stat.S_IWOTH
    before = switches.read_bytes()
    again = run(binary, "init-switches", "--config", path)
    assert again.returncode == 1
    assert "switches.json" in again.stderr
    assert switches.read_bytes() == before


@pytest.mark.parametrize("option, address", [
    ("listen", "0.0.0.0:{port}"), ("listen", "[::]:{port}"), ("stats", "0.0.0.0:{port}"),
])
def test_listening_beyond_loopback_is_refused_without_the_flag(option, address, binary, configuration):
    path = configuration(**{option: address.format(port=free_port())})
    run(binary, "init-switches", "--config", path)
    done = run(binary, "serve", "--config", path)
    assert done.returncode == 1
    assert "allow-remote" in done.stderr or "allow_remote" in done.stderr


def test_a_port_that_is_taken(binary, configuration, keep):
    address = free_address()
    path = configuration(listen=address)
    run(binary, "init-switches", "--config", path)

    class Taken:
        def __init__(self):
            self.socket = socket.create_server(("127.0.0.1", int(address.rpartition(":")[2])))

        def close(self):
            self.socket.close()

    keep(Taken())
    done = run(binary, "serve", "--config", path)
    assert done.returncode == 1
    assert address in done.stderr


def test_options_stand_above_the_file(binary, configuration, shops, tmp_path):
    shops[0].orders.add("a")
    path = configuration()
    run(binary, "init-switches", "--config", path)
    listen, stats = free_address(), free_address()
    process = Process(
        [str(binary), "serve", "--config", str(path), "--listen", listen, "--stats", stats, "--upstream",
         f"orders-old={shops[0].address}", "--upstream", f"orders-new={shops[1].address}", "--control",
         str(tmp_path / "other.sock"), "--workers", "2", "--log-level", "debug", "--log-format", "json"],
        tmp_path / "serve.log")
    try:
        process.await_port(listen)
        with Shopper(listen) as client:
            wait_for(lambda: side(client.get("a")) == "old", 5, "served by the upstream of the option")
        assert accepts(stats)
        assert (tmp_path / "other.sock").exists()
        lines = [line for line in process.log().splitlines() if line]
        assert lines and all(isinstance(json.loads(line), dict) for line in lines)
    finally:
        process.kill()


def test_unix_socket_as_data_port(binary, configuration, shops, tmp_path):
    shops[0].orders.add("a")
    path = configuration(listen=f"unix:{tmp_path}/data.sock")
    run(binary, "init-switches", "--config", path)
    process = Process(
        [str(binary), "serve", "--config", str(path), "--upstream", f"orders-old={shops[0].address}"],
        tmp_path / "serve.log")
    try:
        wait_for(lambda: os.path.exists(tmp_path / "data.sock"), 10, "the socket")
        with Shopper(f"unix:{tmp_path}/data.sock") as client:
            wait_for(lambda: side(client.get("a")) == "old", 5, "a call over the Unix socket")
    finally:
        process.kill()


def test_access_log_when_asked_for(start, shops):
    shops[0].orders.add("a")
    log = {"level": "info", "format": "json"}
    sidecar = start(shops[0].address, shops[1].address, access_log={"sample": 1}, log=log)
    with Shopper(sidecar.address) as client:
        client.get("a", metadata=[("authorization", "secret-token")])
    wait_for(lambda: "shop.v1.Orders/Get" in sidecar.log(), 5, "a line about the call")
    line = next(line for line in sidecar.log().splitlines() if "shop.v1.Orders/Get" in line)
    text = json.dumps(json.loads(line))
    for word in ("old", "OK", str(sidecar.epoch)):
        assert word in text
    assert "secret-token" not in sidecar.log()
