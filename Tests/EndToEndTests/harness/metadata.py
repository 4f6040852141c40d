"""Header lists that break gRPC's or HTTP/2's rules."""

from .raw import call_headers, octets

# Fields that are legal HTTP/2 and break gRPC's own rules: never forwarded, since they can break a server's connection.
MALFORMED = {
    "timeout without a unit": ("grpc-timeout", "100"),
    "timeout of nine digits": ("grpc-timeout", "123456789S"),
    "timeout of a wrong unit": ("grpc-timeout", "100x"),
    "timeout below zero": ("grpc-timeout", "-1S"),
    "timeout with a space": ("grpc-timeout", "1 S"),
    "timeout of no digits": ("grpc-timeout", "S"),
    "empty timeout": ("grpc-timeout", ""),
    "timeout of other bytes": ("grpc-timeout", b"\xff\xfe\xfd"),
    "encoding of other bytes": ("grpc-encoding", b"gz\xff\xfeip"),
    "encoding with a space": ("grpc-encoding", "gz ip"),
    "empty encoding": ("grpc-encoding", ""),
    "accepted encodings of other bytes": ("grpc-accept-encoding", b"identity,\xff"),
    "binary value that is not base64": ("x-data-bin", "!!!not base64!!!"),
    "binary value of an impossible length": ("x-data-bin", "A"),
    "binary value with inner padding": ("x-data-bin", "QUI=QUI="),
    "binary value of other bytes": ("x-data-bin", b"\xff\xff\xff\xff"),
    "text of UTF-8": ("x-text", "café".encode()),
    "text of bytes": ("x-text", b"\x80\xff"),
    "text with a tab": ("x-text", "a\tb"),
}

# What breaks HTTP/2: the stream is reset, or the request answered with 400.
ILLEGAL = {
    "upper case name": call_headers("/switchover.test.v1.Interop/Unary", ("X-Upper", "v")),
    "name with a space": call_headers("/switchover.test.v1.Interop/Unary", ("x bad", "v")),
    "empty name": call_headers("/switchover.test.v1.Interop/Unary", ("", "v")),
    "name of other bytes": call_headers("/switchover.test.v1.Interop/Unary", (b"x-\xff", "v")),
    "value with NUL": call_headers("/switchover.test.v1.Interop/Unary", ("x-text", b"a\x00b")),
    "value with a line break": call_headers("/switchover.test.v1.Interop/Unary", ("x-text", b"a\r\nx-injected: b")),
    "connection field": call_headers("/switchover.test.v1.Interop/Unary", ("connection", "keep-alive")),
    "transfer-encoding": call_headers("/switchover.test.v1.Interop/Unary", ("transfer-encoding", "chunked")),
    "te of another kind": call_headers("/switchover.test.v1.Interop/Unary", ("te", "gzip"), without=(b"te",)),
    "no path": call_headers(without=(b":path",)),
    "no method": call_headers(without=(b":method",)),
    "no scheme": call_headers(without=(b":scheme",)),
    "path twice": call_headers("/a/b", (":path", "/c/d")),
    "pseudo-header at the end": call_headers("/a/b", (":authority", "x"), without=(b":authority",)),
    "unknown pseudo-header": [(b":odd", b"v"), *call_headers()],
    "status in a request": [(b":status", b"200"), *call_headers()],
    "content-length that lies": call_headers("/switchover.test.v1.Interop/Unary", ("content-length", "3")),
    "content-length of letters": call_headers("/switchover.test.v1.Interop/Unary", ("content-length", "abc")),
    "empty path": call_headers(""),
    "path of bytes": call_headers(octets("/switchover.test.v1.Interop/") + b"\xff\x00"),
}
