"""The stats port and the control socket."""

import http.client
import json
import shutil
import socket
import stat
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from harness.processes import split, wait_for
from harness.shopper import Shopper

DUAL_NEW = {"phase": "migrating", "enrolled": "all", "gray": "all"}


@pytest.fixture
def serving(start, shops):
    shops[0].orders |= {"in-old"}
    shops[1].orders |= {"in-new"}
    sidecar = start(shops[0].address, shops[1].address, DUAL_NEW).await_ready()
    with Shopper(sidecar.address) as client:
        yield sidecar, client


def metrics(sidecar):
    """Samples of /metrics by name and labels."""
    samples = {}
    for line in sidecar.get("/metrics")[1].splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            samples[name] = float(value)
    return samples


def total(samples, name, *labels):
    return sum(value for key, value in samples.items()
               if key.split("{")[0] == name and all(label in key for label in labels))


def test_promtool_finds_nothing(serving):
    sidecar, client = serving
    for order in ("in-old", "in-new", "nowhere"):
        client.get(order)
    client.get("in-old", metadata=[("x-bad-bin", b"")])
    tool = shutil.which("promtool")
    assert tool, "promtool is missing: Tests/run installs it"
    text = sidecar.get("/metrics")[1]
    checked = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_counts_agree_with_the_calls_made(serving):
    sidecar, client = serving
    for order, times in (("in-new", 30), ("in-old", 20), ("nowhere", 10)):
        for _ in range(times):
            client.get(order)
    for _ in range(5):
        client.watch("in-old")
    samples = wait_for(
        lambda: total(found := metrics(sidecar), "switchover_calls_total") >= 65 and found, 5, "65 calls counted")
    assert total(samples, "switchover_calls_total") == 65
    assert total(samples, "switchover_calls_total", 'method="shop.v1.Orders/Get"') == 60
    assert total(samples, "switchover_calls_total", 'status="OK"') == 55
    assert total(samples, "switchover_calls_total", 'status="NOT_FOUND"') == 10
    assert total(samples, "switchover_calls_total", 'stage="dualNew"') == 65 or \
        total(samples, "switchover_calls_total", 'stage="dualNew"') == 60
    assert total(samples, "switchover_side_calls_total", 'side="new"') == 60
    assert total(samples, "switchover_side_calls_total", 'side="old"') == 35
    assert total(samples, "switchover_absent_fallbacks_total") == 30
    assert total(samples, "switchover_unmigrated_reads_total") == 20
    assert total(samples, "switchover_calls_in_flight") == 0
    assert total(samples, "switchover_call_duration_seconds_count") == 65
    assert total(samples, "switchover_ready") == 1
    assert total(samples, "switchover_switches_epoch") == sidecar.epoch


def test_histograms_add_up(serving):
    sidecar, client = serving
    for _ in range(20):
        client.get("in-new")
    text = sidecar.get("/metrics")[1]
    buckets = {}
    for line in text.splitlines():
        if line.startswith("switchover_call_duration_seconds_bucket"):
            series = line.rpartition(" ")[0].split('le="')[0]
            buckets.setdefault(series, []).append(float(line.rpartition(" ")[2]))
    assert buckets
    for counts in buckets.values():
        assert counts == sorted(counts)


def test_refusals_are_counted_by_their_code(start, shops):
    shops[1].stop()
    sidecar = start(shops[0].address, shops[1].address, DUAL_NEW).await_ready()
    with Shopper(sidecar.address) as client:
        for _ in range(3):
            assert client.get("x").error == "side-unreachable"
    assert total(metrics(sidecar), "switchover_refusals_total", "side-unreachable") == 3


def test_stats_are_the_same_numbers_as_json(serving):
    sidecar, client = serving
    for _ in range(7):
        client.get("in-new")
    status, text = sidecar.get("/stats")
    report = json.loads(text)
    assert status == 200
    assert report["ready"] is True
    get = next(method for method in report["methods"] if method["method"] == "shop.v1.Orders/Get")
    assert get["started"] == 7
    assert get["stages"]["dualNew"]["statuses"] == {"OK": 7}
    assert report["switches"]["orders"]["epoch"] == sidecar.epoch
    assert report["process"]["residentBytes"] > 0


def test_health_and_readiness(serving):
    sidecar, _ = serving
    assert sidecar.get("/healthz")[0] == 200
    assert sidecar.get("/readyz")[0] == 200


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/", 404), ("GET", "/nothing", 404), ("POST", "/metrics", 405), ("DELETE", "/stats", 405),
    ("GET", "/metrics?x=1", 200), ("HEAD", "/healthz", None), ("GET", "/" + "a" * 9000, None),
])
def test_stats_port_answers_http_as_it_should(method, path, status, serving):
    sidecar, _ = serving
    connection = http.client.HTTPConnection(*split(sidecar.stats), timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    assert answer.status == status if status else answer.status in (200, 400, 405, 414, 431)
    connection.close()
    assert sidecar.get("/healthz")[0] == 200


def test_stats_port_takes_garbage_calmly(serving):
    sidecar, _ = serving
    for data in (b"\0" * 10_000, b"GET", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000,
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n"):
        with socket.create_connection(split(sidecar.stats), timeout=5) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
            except OSError:
                pass


def test_connections_that_say_nothing_keep_others_out_for_seconds_only(serving):
    sidecar, _ = serving
    loitering = [socket.create_connection(split(sidecar.stats)) for _ in range(200)]

    def healthy():
        try:
            return sidecar.get("/healthz")[0] == 200
        except OSError:
            return False

    wait_for(healthy, 15, "an answer beside loitering connections")
    for connection in loitering:
        connection.close()


def test_stats_off(start, shops):
    sidecar = start(shops[0].address, shops[1].address, stats="off")
    shops[0].orders.add("a")
    with Shopper(sidecar.address) as client:
        assert client.get("a").code == "OK"


@pytest.fixture
def control(serving):
    sidecar, _ = serving
    with grpc.insecure_channel(f"unix:{sidecar.control}") as channel:
        yield sidecar, channel


def test_control_socket_is_the_owners_alone(serving):
    sidecar, _ = serving
    mode = sidecar.control.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_control_socket_goes_with_the_process(serving):
    sidecar, client = serving
    client.close()
    sidecar.terminate()
    assert sidecar.wait(20) == 0
    assert not sidecar.control.exists()


def test_a_control_socket_left_behind_is_no_hindrance(start, shops, keep):
    first = start(shops[0].address, shops[1].address)
    first.kill()
    assert first.control.exists(), "kill -9 leaves it"
    again = type(first)(first.binary, first.folder, shops[0].address, shops[1].address, switches={"phase": "idle"})
    keep(again).await_ready()
    with grpc.insecure_channel(f"unix:{again.control}") as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_check(control):
    _, channel = control
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", "orders"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as error:
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=5)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_health_watch_tells_of_the_drain(serving):
    sidecar, client = serving
    client.get("in-new")
    with grpc.insecure_channel(f"unix:{sidecar.control}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        sidecar.terminate()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()


def test_reflection_lists_and_describes(control):
    _, channel = control
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)

    def ask(**question):
        request = reflection_pb2.ServerReflectionRequest(**question)
        return next(stub.ServerReflectionInfo(iter([request]), timeout=5))

    services = {service.name for service in ask(list_services="").list_services_response.service}
    assert "grpc.health.v1.Health" in services
    assert any("reflection" in service for service in services)
    described = ask(file_containing_symbol="grpc.health.v1.Health").file_descriptor_response.file_descriptor_proto
    assert described
    assert ask(file_containing_symbol="no.Such").error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert ask(file_by_filename="no.proto").error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_health_on_the_data_port_is_the_backends(serving):
    sidecar, client = serving
    outcome = client.unary("/grpc.health.v1.Health/Check", b"")
    assert outcome.code == "UNIMPLEMENTED"
    assert outcome.error is None, "the backend's own answer"
