"""What a client saw of a call, as plain values: messages as bytes, status, both kinds of metadata."""

import dataclasses

import grpc


@dataclasses.dataclass
class Outcome:
    messages: list
    code: str = "OK"
    details: str = ""
    initial: list = dataclasses.field(default_factory=list)
    trailing: list = dataclasses.field(default_factory=list)

    @property
    def error(self):
        """The sidecar's own error code, if the sidecar made the answer."""
        return dict(self.trailing).get("switchover-error")


def pairs(metadata):
    return [(key, value) for key, value in metadata or ()]


def observe(call, messages):
    """Ends a call and notes its status and metadata; `messages` are those read so far."""
    return Outcome(messages, call.code().name, call.details() or "", pairs(call.initial_metadata()),
                   pairs(call.trailing_metadata()))


class Client:
    """Makes calls of bytes and returns outcomes; a failed call is an outcome too."""

    def __init__(self, address, options=(), compression=None):
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1), *options]
        self.channel = grpc.insecure_channel(address, options=options, compression=compression)

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def unary(self, method, request, timeout=20, **options):
        call = self.channel.unary_unary(method).future(serial(request), timeout=timeout, **options)
        return self.finish_unary(call)

    def stream_in(self, method, requests, timeout=20, **options):
        call = self.channel.stream_unary(method).future(map(serial, requests), timeout=timeout, **options)
        return self.finish_unary(call)

    @staticmethod
    def finish_unary(call):
        messages = []
        try:
            messages.append(call.result())
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass
        return observe(call, messages)

    def open_stream_out(self, method, request, timeout=20, **options):
        return self.channel.unary_stream(method)(serial(request), timeout=timeout, **options)

    def open_duplex(self, method, requests, timeout=20, **options):
        return self.channel.stream_stream(method)(map(serial, requests), timeout=timeout, **options)

    def stream_out(self, method, request, timeout=20, **options):
        return drain(self.open_stream_out(method, request, timeout, **options))

    def duplex(self, method, requests, timeout=20, **options):
        return drain(self.open_duplex(method, requests, timeout, **options))


def serial(request):
    return request if isinstance(request, bytes) else request.SerializeToString()


def drain(call, messages=None):
    """Reads a stream to its end."""
    messages = [] if messages is None else messages
    try:
        messages.extend(call)
    except grpc.RpcError:
        pass
    return observe(call, messages)
