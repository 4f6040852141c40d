#!/usr/bin/env python3
"""Writes corpus.txt: random messages and what Python's protobuf reads from them.

Needs the packages protobuf and grpcio-tools. One line per message: its bytes, then `path:type:presence=key` for some
keys, all bytes as hexadecimal digits; a key that is required and not on the wire is `-`. The seed is fixed, so the same
versions write the same file.
"""

import importlib
import pathlib
import random
import sys
import tempfile

from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
MESSAGES = 250


def load():
    with tempfile.TemporaryDirectory() as folder:
        if protoc.main(["protoc", f"-I{HERE}", f"--python_out={folder}", "samples.proto"]):
            sys.exit("protoc failed")
        sys.path.insert(0, folder)
        return importlib.import_module("samples_pb2")


samples = load()
rnd = random.Random(7400)
FIELDS = {field.name: field for field in samples.Sample.DESCRIPTOR.fields}
TYPES = {5: "int32", 3: "int64", 13: "uint32", 4: "uint64", 17: "sint32", 18: "sint64", 8: "bool", 9: "string",
         12: "bytes", 7: "fixed32", 6: "fixed64", 15: "sfixed32", 16: "sfixed64"}


def number(bits, is_signed):
    value = 0 if rnd.random() < 0.1 else rnd.getrandbits(rnd.randint(1, bits))
    return value - (1 << bits) if is_signed and value >> (bits - 1) else value


def scalar(kind):
    if kind == "string":
        return "".join(rnd.choice("xyz-09 \u00df\U0001f680") for _ in range(rnd.choice([0, 3, 8, 8, 140])))
    if kind == "bytes":
        return rnd.randbytes(rnd.randint(0, 12))
    if kind == "bool":
        return rnd.random() < 0.5
    return number(32 if kind.endswith("32") else 64, not kind.startswith(("u", "fixed")))


def piece(depth):
    """The wire form of part of a message."""
    choice = rnd.random()
    if choice < 0.2:
        newer = samples.Newer(number=number(64, True), text="new", fixed32=7, doubles=[1.5])
        newer.child.fixed64 = number(64, False)
        return newer.SerializeToString()
    if choice < 0.5 and depth < 4:
        content = b"".join(piece(depth + 1) for _ in range(rnd.randint(0, 3)))
        blob = samples.Sample(blob=content).SerializeToString()
        return b"\x82\x01" + blob[1:] if blob else b"\x82\x01\x00"  # field 16 instead of field 2
    message = samples.Sample()
    for name in rnd.sample(sorted(FIELDS), 4):
        field = FIELDS[name]
        if name == "child":
            continue
        if field.is_repeated:
            getattr(message, name).extend(scalar(TYPES[field.type]) for _ in range(rnd.randint(0, 3)))
        else:
            setattr(message, name, scalar(TYPES[field.type]))
    return message.SerializeToString()


def canonical(value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return str(value).lower().encode()
    return str(value).encode()


def key(message, depth, field, presence):
    for _ in range(depth):
        message = message.child
    value = getattr(message, field.name)
    if field.is_repeated:
        present, value = bool(value), value[-1] if value else 0
    else:
        present = not field.has_presence or message.HasField(field.name)
    return canonical(value).hex() if present or presence == "optional" else "-"


def main():
    lines = []
    for _ in range(MESSAGES):
        wire = b"".join(piece(0) for _ in range(rnd.randint(0, 4)))
        message = samples.Sample.FromString(wire)
        columns = [wire.hex() or "-"]
        for name in rnd.sample([name for name in sorted(FIELDS) if name != "child"], 8):
            field = FIELDS[name]
            depth = rnd.randint(0, 3)
            can_miss = field.is_repeated or field.has_presence
            presence = rnd.choice(["optional", "required"]) if can_miss else "optional"
            path = ".".join(["16"] * depth + [str(field.number)])
            columns.append(f"{path}:{TYPES[field.type]}:{presence}={key(message, depth, field, presence)}")
        lines.append(" ".join(columns))
    (HERE / "corpus.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
