"""Ten minutes at full load: memory must not grow. With `--long`; a short round of the same runs always."""

import subprocess
import time

import pytest

from harness.cases import UNARY
from harness.raw import message
from harness.steady import Steady
from harness.stubs import interop as messages


def load(address, seconds, folder):
    """h2load, eight connections with 32 calls in flight each, for so many seconds."""
    body = folder / "request"
    body.write_bytes(message(messages.Request(reply_bytes=100, payload=b"p" * 100).SerializeToString()))
    return subprocess.Popen(
        ["h2load", "-D", str(seconds), "-c", "8", "-m", "32", "-d", str(body), "-H", "content-type:application/grpc",
         "-H", "te:trailers", "-H", "grpc-timeout:60S", "-H", "x-tenant:retail", f"http://{address}{UNARY}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def growth(subject, folder, seconds, settled):
    """Resident growth in KiB from `settled` to `seconds` of load, with steady clients beside."""
    with Steady(subject.address, pause=0.05, seconds=30) as steady:
        running = load(subject.address, seconds + 5, folder)
        time.sleep(settled)
        before = subject.memory("VmRSS")
        time.sleep(seconds - settled)
        after = subject.memory("VmRSS")
        output = running.communicate(timeout=60)[0]
    line = next(line for line in output.splitlines() if line.startswith("requests:"))
    print(f"{line}; {before} KiB after {settled} s, {after} KiB after {seconds} s; beside {steady.calls} calls")
    assert not steady.errors, steady.errors[:3]
    assert int(line.split("succeeded")[0].split(",")[-1]) > 100 * seconds, "no load to speak of"
    assert ", 0 failed, 0 errored" in line
    return after - before


def test_ten_seconds_at_full_load(stock, hop, tmp_path):
    assert growth(hop(stock.address), tmp_path, 10, 3) < 2048


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.alone
def test_ten_minutes_at_full_load(stock, hop, tmp_path):
    assert growth(hop(stock.address), tmp_path, 600, 120) < 1024
