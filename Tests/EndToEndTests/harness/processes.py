"""A process under test: started with its own log, measured through /proc, stopped by its id."""

import os
import signal
import socket
import subprocess
import time


def split(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def wait_for(condition, seconds=10.0, what="condition"):
    """Polls until the condition gives something true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def accepts(address):
    try:
        socket.create_connection(split(address), timeout=1).close()
        return True
    except OSError:
        return False


class Process:
    def __init__(self, command, log_path, env=None, cwd=None):
        self.log_path = log_path
        self.command, self.env, self.cwd = command, env, cwd
        self.run()

    def run(self):
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.cwd
            )
        self.pid = self.popen.pid

    @property
    def running(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def terminate(self):
        self.popen.send_signal(signal.SIGTERM)

    def wait(self, seconds=40):
        return self.popen.wait(seconds)

    def kill(self):
        if self.running:
            self.popen.kill()
        self.popen.wait()

    def await_port(self, address, seconds=15):
        def ready():
            if not self.running:
                raise AssertionError(f"exited with {self.popen.returncode}:\n{self.log()}")
            return accepts(address)

        wait_for(ready, seconds, f"listening on {address}")

    def memory(self, field):
        """KiB of a memory field of /proc/PID/status: VmRSS now, VmHWM at most so far."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise KeyError(field)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connections_to(pid, address):
    """Local ports of the TCP connections of a process to an address."""
    host, port = split(address)
    inodes = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    local = set()
    with open(f"/proc/{pid}/net/tcp") as table:
        next(table)
        for line in table:
            fields = line.split()
            remote_port = int(fields[2].split(":")[1], 16)
            established = fields[3] == "01"
            if established and remote_port == port and fields[9] in inodes:
                local.add(int(fields[1].split(":")[1], 16))
    return local
