#!/usr/bin/env python3
"""Checks Protocol/vectors against implementations of its own, written from the documents, not from the Swift sources.

Needs nothing but Python's standard library. Exits with 1 and names each vector that differs.
"""

import base64
import json
import pathlib
import re
import struct
import sys
import urllib.parse

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "Protocol" / "vectors"
MASK = (1 << 64) - 1
LONGEST_KEY = 1024


# Cohorts: semantics.md, section 6.


def bucket(migration, key):
    state = 0xCBF29CE484222325
    for byte in migration.encode() + b"\0" + key:
        state = ((state ^ byte) * 0x100000001B3) & MASK
    state ^= state >> 33
    state = (state * 0xFF51AFD7ED558CCD) & MASK
    state ^= state >> 33
    state = (state * 0xC4CEB9FE1A85EC53) & MASK
    state ^= state >> 33
    return state % 10000


# Canonical keys: the protobuf encoding document, and semantics.md, section 6.


class Fault(Exception):
    def __init__(self, offset, reason):
        self.offset, self.reason = offset, reason


def varint(message, at, end, offset):
    value = 0
    for index in range(10):
        if at + index >= end:
            raise Fault(offset, "truncated")
        byte = message[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & MASK, at + index + 1
    raise Fault(offset, "varintTooLong")


def fields(message, at, end):
    """Yields (offset, number, wire type, start of value, end of value)."""
    while at < end:
        offset = at
        tag, at = varint(message, at, end, offset)
        if at - offset > 5 or tag > 0xFFFFFFFF or tag < 8:
            raise Fault(offset, "fieldNumber")
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == 0:
            _, at = varint(message, at, end, offset)
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire == 2:
            length, start = varint(message, at, end, offset)
            at = start + length
        else:
            raise Fault(offset, "group" if wire in (3, 4) else "wireType")
        if at > end:
            raise Fault(offset, "truncated")
        yield offset, number, wire, start, at


def occurrences(message, path, at, end):
    for offset, number, wire, start, stop in fields(message, at, end):
        if number != path[0]:
            continue
        if len(path) == 1:
            yield offset, wire, start, stop
        elif wire == 2:
            yield from occurrences(message, path[1:], start, stop)


def elements(message, offset, wire, start, stop, own_wire, size):
    """The raw numbers of one occurrence, which may be packed."""
    if wire not in (own_wire, 2):
        return
    at = start
    while at < stop:
        if size is None:
            value, at = varint(message, at, stop, offset)
            yield value
        else:
            if stop - at < size:
                raise Fault(offset, "truncated")
            yield int.from_bytes(message[at : at + size], "little")
            at += size


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def zigzag(value, bits):
    value &= (1 << bits) - 1
    return (value >> 1) ^ -(value & 1)


NUMBERS = {
    "bool": (0, None, bool),
    "int32": (0, None, lambda v: signed(v, 32)),
    "int64": (0, None, lambda v: signed(v, 64)),
    "uint32": (0, None, lambda v: v & 0xFFFFFFFF),
    "uint64": (0, None, lambda v: v),
    "sint32": (0, None, lambda v: zigzag(v, 32)),
    "sint64": (0, None, lambda v: zigzag(v, 64)),
    "fixed32": (5, 4, lambda v: v),
    "sfixed32": (5, 4, lambda v: signed(v, 32)),
    "fixed64": (1, 8, lambda v: v),
    "sfixed64": (1, 8, lambda v: signed(v, 64)),
}


def component(message, field):
    """The canonical bytes of a component, None if it is not on the wire."""
    path = [int(number) for number in field["path"].split(".")]
    found = None
    for offset, wire, start, stop in occurrences(message, path, 0, len(message)):
        if field["type"] in ("string", "bytes"):
            if wire == 2:
                found = message[start:stop]
        else:
            own_wire, size, decode = NUMBERS[field["type"]]
            for raw in elements(message, offset, wire, start, stop, own_wire, size):
                found = str(decode(raw)).lower().encode()
    return found


def default(kind):
    return {"string": b"", "bytes": b"", "bool": b"false"}.get(kind, b"0")


def scan(message, components):
    key = b""
    for index, field in enumerate(components):
        try:
            value = component(message, field)
        except Fault as fault:
            return {"malformed": {"component": index, "offset": fault.offset, "reason": fault.reason}}
        if value is None:
            if field.get("presence") == "required":
                return {"missing": index}
            value = default(field["type"])
        key += value if len(components) == 1 else struct.pack(">I", len(value)) + value
        if len(key) > LONGEST_KEY:
            return {"tooLong": index}
    return {"key": key.hex()}


# gRPC over HTTP/2: grpc-timeout, grpc-message, -bin metadata.

UNITS = {"H": 3600 * 10**9, "M": 60 * 10**9, "S": 10**9, "m": 10**6, "u": 1000, "n": 1}


def parse_timeout(text):
    match = re.fullmatch(r"([0-9]{1,8})([HMSmun])", text, re.ASCII)
    return str(min(int(match[1]) * UNITS[match[2]], MASK)) if match else None


def write_timeout(nanoseconds):
    for unit in "numSMH":
        value = nanoseconds // UNITS[unit]
        if value < 10**8:
            return f"{value}{unit}"


def percent_encode(data):
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b != 0x25 else f"%{b:02X}" for b in data)


def is_binary_item(text):
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    padded = base64.b64encode(decoded).decode()
    return text in (padded, padded.rstrip("="))


def is_binary_value(text):
    return all(is_binary_item(item) for item in text.split(","))


# One check per file: yields (what, expected by the vector, computed here).


def cohort(vectors):
    for v in vectors:
        yield (v["migration"], v["key"]), v["bucket"], bucket(v["migration"], bytes.fromhex(v["key"]))


def canonical_keys(vectors):
    for v in vectors:
        yield v["name"], v["result"], scan(bytes.fromhex(v["message"]), v["components"])


def timeouts(vectors):
    for v in vectors["parse"]:
        yield v["text"], v["nanoseconds"], parse_timeout(v["text"])
    for v in vectors["write"]:
        yield v["nanoseconds"], v["text"], write_timeout(int(v["nanoseconds"]))


def percent(vectors):
    for v in vectors["encode"]:
        data = bytes.fromhex(v["bytes"])
        yield v["bytes"], v["encoded"], percent_encode(data)
        yield v["encoded"], data, urllib.parse.unquote_to_bytes(v["encoded"])
    for v in vectors["decode"]:
        yield v["encoded"], bytes.fromhex(v["bytes"]), urllib.parse.unquote_to_bytes(v["encoded"])


def binary(vectors):
    for v in vectors:
        yield v["value"], (v["item"], v["list"]), (is_binary_item(v["value"]), is_binary_value(v["value"]))


CHECKS = {
    "cohort.json": cohort,
    "canonical-keys.json": canonical_keys,
    "grpc-timeout.json": timeouts,
    "percent-encoding.json": percent,
    "binary-metadata.json": binary,
}


def main():
    checked = wrong = 0
    for name, check in CHECKS.items():
        for what, expected, computed in check(json.loads((VECTORS / name).read_text())):
            checked += 1
            if expected != computed:
                wrong += 1
                print(f"{name}: {what}: the vector says {expected}, this script {computed}")
    print(f"{checked} vectors checked, {wrong} differ")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
