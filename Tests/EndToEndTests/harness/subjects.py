"""What stands between client and server: the sidecar, or in its place nothing at all, nghttpx or Envoy."""

import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

from .ports import free_address
from .processes import Process, accepts, connections_to, split, wait_for


class Direct:
    """No hop: what the server itself does."""

    name = "direct"
    adds_to_requests = ()
    adds_to_answers = ()
    running = True

    def __init__(self, upstream):
        self.address = upstream

    def log(self):
        return ""

    def close(self):
        pass


class Hop(Process):
    """A process that listens on `address` and forwards to `upstream`."""

    # KiB resident that nothing may make it exceed; 64 MiB is the sidecar's own bound.
    resident_limit = 64 * 1024

    def __init__(self, command, folder, address, upstream, env=None):
        self.address = address
        self.upstream = upstream
        super().__init__(command, pathlib.Path(folder) / f"{self.name}-{split(address)[1]}.log", env=env, cwd=folder)
        self.await_port(address)

    def upstream_connections(self):
        return connections_to(self.pid, self.upstream)

    def close(self):
        self.kill()


class Nghttpx(Hop):
    name = "nghttpx"
    adds_to_requests = ("x-forwarded-proto", "via")
    adds_to_answers = ("server", "via")

    def __init__(self, folder, upstream):
        address = free_address()
        command = [
            "nghttpx", "--conf=/dev/null", f"--frontend={address.replace(':', ',')};no-tls",
            f"--backend={upstream.replace(':', ',')};;proto=h2", "--workers=1", "--no-ocsp",
            "--errorlog-file=/dev/stderr",
        ]
        super().__init__(command, folder, address, upstream)


class Envoy(Hop):
    name = "envoy"
    resident_limit = 256 * 1024
    adds_to_requests = ("x-forwarded-proto", "x-request-id", "x-envoy-")
    adds_to_answers = ("server", "date", "x-envoy-")

    def __init__(self, folder, upstream):
        address = free_address()
        path = pathlib.Path(folder) / "envoy.json"
        path.write_text(json.dumps(envoy_configuration(address, upstream)))
        command = [os.environ.get("ENVOY", "envoy"), "-c", str(path), "--concurrency", "1", "-l", "error"]
        super().__init__(command, folder, address, upstream)


def envoy_configuration(address, upstream):
    def at(place):
        host, port = split(place)
        return {"address": {"socket_address": {"address": host, "port_value": port}}}

    filters = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "codec_type": "HTTP2",
        "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
            "@type": f"{filters}.http.router.v3.Router"}}],
    }
    return {"static_resources": {
        "listeners": [{"name": "in", **at(address), "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
        "clusters": [{
            "name": "upstream", "type": "STATIC", "connect_timeout": "1s",
            "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}}}},
            "load_assignment": {"cluster_name": "upstream", "endpoints": [
                {"lb_endpoints": [{"endpoint": at(upstream)}]}]}}]}}


PLAN = {
    "Get": {"kind": "single_query", "absent": "NOT_FOUND", "timeout": "10s"},
    "Watch": {"kind": "pass_through", "effect": "read"},
    "Change": {"kind": "pass_through", "effect": "unsafe_write"},
}


class Sidecar(Hop):
    """The real binary with a configuration and a switch file of its own."""

    name = "switchover"
    adds_to_requests = ("switchover-",)
    adds_to_answers = ()

    def __init__(
        self, binary, folder, old, new=None, switches=None, plan=PLAN, migration=None, arguments=(), **settings
    ):
        self.binary = str(binary)
        self.folder = pathlib.Path(folder)
        self.stats = free_address()
        self.control = self.folder / "switchover.sock"
        self.switch_file = self.folder / "switches.json"
        self.configuration = self.folder / "switchover.yaml"
        self.epoch = 1
        address = free_address()
        self.configuration.write_text(json.dumps({
            "listen": address,
            "stats": self.stats,
            "control": self.control.name,
            "switches": self.switch_file.name,
            "upstreams": {"orders-old": {"address": old}, "orders-new": {"address": new or free_address()}},
            "migrations": {"orders": {
                "old": "orders-old", "new": "orders-new", "services": ["shop.v1.Orders"],
                "gray_key": {"path": 1, "type": "string"}, "methods": plan, **(migration or {})}},
            **settings}, indent=2))
        if switches is not None:
            self.write_switches(**switches)
            self.say_that_nothing_is_left()
        command = [self.binary, "serve", "--config", str(self.configuration), *arguments]
        super().__init__(command, folder, address, old)
        if settings.get("stats") != "off":
            self.await_port(self.stats)

    def write_switches(self, phase="idle", enrolled="none", gray="none", epoch=None):
        """Replaces the switch file in one step, as an operator's tool does."""
        self.epoch = epoch if epoch is not None else self.epoch + 1
        state = {"epoch": self.epoch, "phase": phase, "enrolled": enrolled, "gray": gray}
        self.replace_switch_file(json.dumps({"version": 1, "migrations": {"orders": state}}))

    def say_that_nothing_is_left(self):
        """These switches have a past: a process before that ended in order."""
        lock = self.folder / f"{self.switch_file.name}.switchover-lock"
        if not lock.exists():
            lock.write_text("1\nnone\nend\n")

    def replace_switch_file(self, text):
        next_file = self.switch_file.with_suffix(".next")
        next_file.write_text(text)
        os.replace(next_file, self.switch_file)

    def get(self, path):
        """Status and text of a GET on the stats port."""
        try:
            with urllib.request.urlopen(f"http://{self.stats}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def restart(self, kill=False):
        """Ends the process, by SIGKILL or by a drain, and starts it again."""
        if kill:
            self.kill()
        else:
            self.terminate()
            self.wait()
        self.run()
        self.await_port(self.stats)
        return self.await_ready()

    def await_ready(self, seconds=10):
        wait_for(lambda: self.get("/readyz")[0] == 200, seconds, "ready")
        return self


def run(binary, *arguments, cwd=None, seconds=20):
    """Runs the command line to its end."""
    return subprocess.run(
        [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=seconds, cwd=cwd, check=False
    )


PEERS = {"nghttpx": Nghttpx, "envoy": Envoy}
__all__ = ["Direct", "Envoy", "Nghttpx", "PEERS", "PLAN", "Sidecar", "accepts", "run"]
