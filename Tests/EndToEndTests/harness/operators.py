"""Who changes the switches: a stock gRPC client on the control socket."""

import contextlib

import grpc

from .stubs import control, control_services, records


class Operator:
    def __init__(self, sidecar):
        self.channel = grpc.insecure_channel(f"unix:{sidecar.control}")
        self.stub = control_services.ControlStub(self.channel)

    def change(self, migration="orders", seconds=20, **request):
        """The response, or the status and the message of the refusal."""
        try:
            return self.stub.ChangeSwitches(
                control.ChangeSwitchesRequest(migration=migration, **request), timeout=seconds)
        except grpc.RpcError as error:
            return error.code().name, error.details()

    def phase(self, name, **request):
        return self.change(phase=name, **request)

    def gray(self, **change):
        return self.change(gray=sets(change))

    def enrol(self, **change):
        return self.change(enrolled=sets(change))

    def rollback(self, to_epoch=0, **request):
        return self.change(rollback=control.Rollback(to_epoch=to_epoch), **request)

    def status(self, migration="orders"):
        response = self.stub.GetStatus(control.GetStatusRequest(migration=migration), timeout=10)
        return response.migrations[0] if migration else response

    def history(self, **request):
        return list(self.stub.ListChanges(control.ListChangesRequest(**request), timeout=10).changes)

    def explain(self, *components, migration="orders"):
        key = control.GrayKey(components=components)
        return self.stub.ExplainKey(control.ExplainKeyRequest(migration=migration, key=key), timeout=10)

    def explain_record(self, *parts, migration="orders"):
        """The response, or the status and the message of the refusal."""
        request = control.ExplainRecordRequest(migration=migration, key=records.Key(parts=parts))
        try:
            return self.stub.ExplainRecord(request, timeout=10)
        except grpc.RpcError as error:
            return error.code().name, error.details()

    def obstacles(self, **request):
        """The names of what stands in the way, by a dry run."""
        return [obstacle.name for obstacle in self.change(dry_run=True, **request).obstacles]

    def close(self):
        self.channel.close()


def sets(change):
    """`add="406"`, `remove="406"`, `percent=5`, `all=True`, `none=True`, `file="keys.txt"`."""
    (word, content), = change.items()
    if word in ("add", "remove"):
        keys = control.SetChange.Keys(keys=[control.GrayKey(components=[key]) for key in content.split()])
        return control.SetChange(**{word: keys})
    names = {"percent": "percent_times_100", "file": "allow_file"}
    return control.SetChange(**{names.get(word, word): content * 100 if word == "percent" else content})


@contextlib.contextmanager
def operating(sidecar):
    operator = Operator(sidecar)
    try:
        yield operator
    finally:
        operator.close()
