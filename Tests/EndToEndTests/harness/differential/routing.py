"""The contract's routing table (sections 2 and 3, decision 0017), written down once more: who is visible at a stage,
and which sides a write changes. Nothing here is learned from what the sidecar does."""

# The places where a case is run: what the switches say there. Key 406 has the place's stage; 407 is never enrolled,
# 408 is enrolled and 409 gray wherever the phase is migrating.
PLACES = {
    "old": dict(phase="idle"),
    "old beside enrolled": dict(phase="migrating", enrolled={"allow": ["408", "409"]}, gray={"allow": ["409"]}),
    "dualOld": dict(phase="migrating", enrolled={"allow": ["406", "408", "409"]}, gray={"allow": ["409"]}),
    "dualNew": dict(phase="migrating", enrolled={"allow": ["406", "408", "409"]}, gray={"allow": ["406", "409"]}),
    "newMirrored": dict(phase="mirrored"),
    "new": dict(phase="finished"),
}
TARGET = "406"
SIDES = ("old", "new")
PLACEMENTS = {"both": {"old", "new"}, "only old": {"old"}, "only new": {"new"}}


def stage(place, gray_key):
    switches = PLACES[place]
    if switches["phase"] != "migrating":
        return place
    if gray_key in switches["gray"]["allow"]:
        return "dualNew"
    return "dualOld" if gray_key in switches["enrolled"]["allow"] else "old"


def call_stage(place, kind, gray_key):
    """The stage of a call; pass-through follows the total switch."""
    if kind == "pass-through":
        return "new" if PLACES[place]["phase"] in ("mirrored", "finished") else "old"
    return stage(place, gray_key)


def is_visible(at, have):
    """Whether a record that the sides `have` is there for a call of a stage."""
    if at == "old":
        return "old" in have
    if at in ("newMirrored", "new"):
        return "new" in have
    return bool(have)


def changed_sides(at, kind, have, is_new):
    """The sides that a write of a record shows on.

    `have`: the sides that have the record; `is_new`: the write makes the record.
    """
    if at in ("old", "new"):
        return {at}
    if at == "newMirrored":
        return set(SIDES)
    if is_new:
        return {"new"}  # inserts: new
    return have or {"old", "new"}


def after_write(place, kind, before, base_before, base_after, touched, fresh):
    """What both sides hold after a write, as {side: {key: row}}.

    `before`: what they held; `base_before` and `base_after`: the rows around the plain run of the same request;
    `touched`: keys that it wrote though it may have left their rows as they were. Rows are dicts of fields: `gray`
    among them, and `own`, which a side keeps for itself; `fresh` is what that is in a row that the sidecar makes.
    """
    expected = {side: dict(before[side]) for side in SIDES}
    for key in set(base_before) | set(base_after):
        was, became = base_before.get(key), base_after.get(key)
        if was == became and key not in touched:
            continue
        have = {side for side in SIDES if key in before[side]}
        gray = (was or became)["gray"]
        at = call_stage(place, kind, gray)

        def put(side, row):
            if row is None:
                expected[side].pop(key, None)
            else:
                there = before[side].get(key)
                expected[side][key] = {**row, "own": there["own"] if there else fresh[side]}

        for side in changed_sides(at, kind, have, was is None):
            put(side, became)
        if kind == "update" and was and became and was["gray"] != became["gray"]:
            gray_key_changed(put, became, have, at, stage(place, became["gray"]))
    return expected


def gray_key_changed(put, row, have, at, to):
    """Decision 0017's table; what `changed_sides` says holds already."""
    if to == at:
        return
    if to == "dualNew" or to == "dualOld" and at == "old" and "new" in have:
        put("new", row)
    elif to == "dualOld" and at == "dualNew":
        put("old", row)
    elif to == "old" and at != "old":
        put("old", row)
        put("new", None)
