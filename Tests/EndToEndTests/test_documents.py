"""The pages say all that the sources have: every error, limit, key and obstacle; and their links lead somewhere.

Pure text: nothing is started.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / "Sources"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("Protocol/*.md")), *sorted(ROOT.glob("Protocol/decisions/*.md")),
         *sorted(ROOT.glob("examples/*/README.md"))]
README_LINES = 150


def source(path):
    return (SOURCES / path).read_text()


def prose(path):
    """A page without its examples."""
    return re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)


def page(name):
    return prose(ROOT / "Protocol" / name)


def rows(text):
    """The cells of all table rows below their headings."""
    lines = text.splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line, after in zip(lines, [*lines[1:], ""])
            if line.startswith("| ") and not after.startswith("|---")]


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


# Errors


def error_words():
    return re.findall(r'case \.\w+: "([a-z-]+)"', source("Sidecar/Stats/RefusalCode.swift"))


def test_every_error_has_its_row():
    """With a gRPC status (or HTTP's), and an answer to each of the three questions."""
    found = {}
    for cells in rows(page("errors.md")):
        if len(cells) == 6 and words(cells[0]):
            found.setdefault(words(cells[0])[0], []).append(cells)
    assert len(error_words()) > 20
    assert sorted(found) == sorted(error_words())
    for word, lines in found.items():
        for cells in lines:
            assert re.search(r"`[A-Z_]{5,}`|see below|HTTP 4", cells[1]), word
            assert cells[2] and cells[5], word


# Limits

SUFFIXES = {
    "size": [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)],
    "count": [("", 1)],
    "duration": [("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3)],
}


def number(expression):
    digits = expression.replace("_", "").strip()
    assert re.fullmatch(r"[0-9]+( << [0-9]+)?", digits), expression
    value, _, shift = digits.partition(" << ")
    return int(value) << int(shift or 0)


def written(value, unit):
    if value == 0:
        return "0s" if unit == "duration" else "0"
    suffix, factor = next(pair for pair in SUFFIXES[unit] if value % pair[1] == 0)
    return f"{value // factor}{suffix}"


def limits():
    """(name, default, lowest, highest) as a person writes them."""
    text = source("Sidecar/Configuration/Limits.swift")
    defaults = dict(re.findall(r"var (\w+)(?:: UInt64)? = ([0-9_ <]+)", text))
    settings = re.findall(r'(size|count|duration)\("(\w+)", \\\.(\w+), ([^.]+)\.\.\.([^)]+)\)', text)
    for unit, name, variable, low, high in settings:
        yield name, *(written(number(each), unit) for each in (defaults[variable], low, high))


def test_every_limit_has_its_row():
    """With the default and the range that the sources have."""
    found = {words(cells[0])[0]: cells for cells in rows(page("limits.md")) if len(cells) == 5 and words(cells[0])}
    all_limits = list(limits())
    assert len(all_limits) == source("Sidecar/Configuration/Limits.swift").count("package var ") > 20
    assert sorted(found) == sorted(name for name, *_ in all_limits)
    for name, default, low, high in all_limits:
        cells = found[name]
        assert cells[1] == default, name
        assert re.match(rf"{low} to {high}(,|$)", cells[2]), f"{name}: {cells[2]} is not {low} to {high}"
        assert cells[3] and cells[4], name


# The configuration


def configuration_keys():
    """What the readers take, section by section, in one set."""
    keys = set()
    for path in (SOURCES / "Sidecar/Configuration").glob("*Reader.swift"):
        for found in re.findall(r"[kK]eys(?::| =) (?:\[\"effect.*?\] \+ )?\[(.*?)\]", path.read_text(), re.DOTALL):
            keys.update(re.findall(r'"(\w+)"', found))
    return keys


def test_every_key_is_on_the_page():
    keys = configuration_keys()
    assert {"listen", "inserts", "put_or_insert", "foreign_keys", "maximum_limit", "copied", "sample"} <= keys
    said = {word for text in words(page("configuration.md")) for word in re.findall(r"\w+", text)}
    assert sorted(keys - said) == []


# Moves


def test_every_obstacle_is_on_the_page():
    text = source("Migration/MoveObstacle.swift")
    names = set(re.findall(r'case \.\w+: "([a-z]+(?:-[a-z]+)*)"\n', text.partition("var name")[2].partition("}\n")[0]))
    assert len(names) > 15 and "dirty-records" in names
    section = page("operations.md").partition("### What is refused")[2].partition("\n## ")[0]
    said = {word for cells in rows(section) for word in words(cells[0])}
    assert sorted(said) == sorted(names)


# Links


def anchors(text):
    """Of the headings, as they are made by those who show such pages."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text()), target


def test_readme_is_a_door():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= README_LINES
    gate = (ROOT / ".ci/run").read_text()
    assert "Tests/run" in gate and any(line.startswith("Tests/run ") for line in lines)
