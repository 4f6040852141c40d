"""Invariant I7: at phase idle the two ways, direct and through the hop, must be equal but for the named differences."""


def transparent(metadata, adds=("switchover-",)):
    """Metadata without what the hop may add on its way to the server."""
    return [(key, value) for key, value in metadata if not key.startswith(tuple(adds))]


def differences(direct, through, adds=()):
    """What differs between two outcomes of the same case, in words; empty when they are equal.

    The sidecar may add nothing to an answer; `adds` are what peers are known to add, so that the rest can be compared.
    """
    found = []
    # Who notices first that a deadline has passed, the client or the server (or the hop in its place), is chance, and
    # each has its own words.
    raced = direct.code == through.code == "DEADLINE_EXCEEDED"
    for field in ("code", "initial") if raced else ("code", "details", "initial", "trailing"):
        before, after = getattr(direct, field), getattr(through, field)
        if isinstance(after, list):
            after = transparent(after, adds) if adds else after
        if before != after:
            found.append(f"{field}: direct {before!r}, through {after!r}")
    if direct.messages != through.messages:
        found.append(f"messages: direct {sizes(direct)}, through {sizes(through)} (sizes), bytes differ")
    return found


def sizes(outcome):
    return [len(message) for message in outcome.messages]


def received_differences(direct, through, adds=("switchover-",)):
    """What differs between what the server received on the two ways, per call in order."""
    through = [transparent(metadata, adds) for metadata in through]
    if len(direct) != len(through):
        return [f"server received {len(direct)} calls direct, {len(through)} through"]
    return [f"server received: direct {a!r}, through {b!r}" for a, b in zip(direct, through) if a != b]
