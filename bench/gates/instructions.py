"""Gate (c): instructions per frame, counted by callgrind.

A count does not depend on how busy the machine is, but on everything that
compiled or chose code: such facts are the key of a record in instructions.json.
Each part of a frame's instructions is held by itself, or a change of ours would
drown in the interpreter's and libcrypto's thousands.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceiling import openssl_prefix
from gates import builds, callgrind, child, counted, table
from gates.callgrind import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = child.BENCH / "instructions.json"
LIMIT = 1.03
# Less than an instruction a frame is the counting's own: a Python object that
# lies elsewhere, shared by the frames of a batch.
LEAST = 1.0
Facts = dict[str, str]
Counts = dict[str, dict[str, float]]


def wrapper(folder: Path) -> tuple[str, ...]:
    """Give the command in front of the process to be counted."""
    # Addresses decide where hash tables keep what is hashed by address. Some
    # containers do not let them be fixed; valgrind then does most of it.
    fixed = ("setarch", "-R")
    tried = shutil.which("setarch") and subprocess.run([*fixed, "true"], check=False)
    marks = ("--tool=callgrind", "--dump-before=getppid")
    out = f"--callgrind-out-file={folder / 'out'}"
    used = fixed if tried and tried.returncode == 0 else ()
    return (*used, "valgrind", "-q", *marks, *callgrind.OPTIONS, out)


def compiler_of(tree: Path) -> str:
    """Read from the extension which compiler made it."""
    (extension,) = (tree / "src/fastframe").glob("_ffi*.so")
    found = re.search(
        rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", extension.read_bytes()
    )
    return found[0].decode() if found else "unknown"


def count(tree: Path = child.ROOT) -> tuple[Facts, Counts]:
    """Count the instructions per frame of the fastframe in tree."""
    prefix = openssl_prefix()
    archive = Path(prefix, "lib/libcrypto.a") if prefix else None
    crypto = callgrind.names_in(archive) if archive else set()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ran = child.measure("gates.counted", tree=tree, wrapper=wrapper(folder))
        counts = {}
        for nth, (name, frames) in enumerate(ran["cases"]):
            few, many = (
                callgrind.read((folder / f"out.{number}").open(encoding="utf-8"))
                for number in (counted.DUMPS * nth + 2, counted.DUMPS * nth + 3)
            )
            more = frames * (counted.MANY - counted.FEW)
            counts[name] = callgrind.per_frame(few, many, more, crypto)
    version = subprocess.run(
        ["valgrind", "--version"], capture_output=True, text=True, check=True
    )
    tools = {"compiler": compiler_of(tree), "valgrind": version.stdout.strip()}
    return ran["facts"] | tools, counts


def compare(now: Counts, before: Counts) -> Iterator[str]:
    """Name what costs more than it did, and what allocates."""
    most = table.find("C allocations per frame")
    for case, parts in now.items():
        if most.is_gated_out_by(parts["allocations"]):
            yield f"{case}: {parts['allocations']:g} C allocations per frame"
        for part in PARTS:
            is_more = case in before and is_regression(parts[part], before[case][part])
            if is_more:
                was = before[case][part]
                yield (
                    f"{case}: {part} {was:g} -> {parts[part]:g} instructions per frame, "
                    f"{parts[part] / max(was, LEAST) - 1:+.1%}"
                )


def is_regression(now: float, before: float) -> bool:
    """Tell whether a count has grown by more than the limit."""
    return now > before * LIMIT and now - before > LEAST


def find(records: list[dict[str, Any]], facts: Facts) -> Counts | None:
    """Give the counts recorded under the same facts."""
    return next((r["cases"] for r in records if r["facts"] == facts), None)


def nearest(records: list[dict[str, Any]], facts: Facts) -> str:
    """Say in what the most similar record differs."""
    differing = [
        [
            f"{k}: {r['facts'].get(k)} there, {v} here"
            for k, v in facts.items()
            if r["facts"].get(k) != v
        ]
        for r in records
    ]
    return "; ".join(min(differing, key=len, default=["there is no record at all"]))


def records() -> list[dict[str, Any]]:
    """Read the records."""
    return json.loads(FILE.read_text("utf-8")) if FILE.is_file() else []


def record() -> None:
    """Count, and keep the counts under this machine's facts."""
    facts, counts = count()
    others = [r for r in records() if r["facts"] != facts]
    kept = sorted(
        [*others, {"facts": facts, "cases": counts}],
        key=lambda r: json.dumps(r["facts"]),
    )
    FILE.write_text(dump(kept), encoding="utf-8")
    report(counts, {})
    print(f"recorded in {FILE.name}")


def dump(kept: list[dict[str, Any]]) -> str:
    """Write records as JSON, a case per line."""
    text = json.dumps(kept, indent=2)
    return (
        re.sub(
            r"\{\n\s+(\"core\"[^}]*)\n\s+\}",
            lambda m: "{" + re.sub(r"\n\s+", " ", m[1]) + "}",
            text,
        )
        + "\n"
    )


def report(now: Counts, before: Counts) -> None:
    """Print the counts, and how far they are from those before."""
    print(f"{'instructions per frame':36s}" + "".join(f"{part:>20s}" for part in PARTS))
    for case, parts in now.items():
        cells = []
        for part in PARTS:
            was = before.get(case, {}).get(part)
            change = f" {parts[part] / was - 1:+7.2%}" if was else 8 * " "
            cells.append(f"{parts[part]:12.2f}{change}")
        print(f"{case:36s}" + "".join(cells))


def run(base: str | None, *, is_strict: bool) -> list[str]:
    """Run the gate; give what failed."""
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: nothing was counted")
        return ["valgrind is not installed"] if is_strict else []
    facts, now = count()
    before = find(records(), facts)
    failed = [
        f"{case.name} does not run" for case in counted.COUNTED if case.name not in now
    ]
    if before is None:
        print(
            f"NO RECORD of instructions for this machine ({nearest(records(), facts)})."
        )
        print("`make bench-baseline` would record:")
        print(dump([{"facts": facts, "cases": now}]))
        if is_strict:
            tree = builds.base_tree(base)
            print(f"Comparing with {tree.name[:12]} instead, counted here and now.")
            _, before = count(tree)
    elif is_strict:
        failed += [
            f"{case}: not recorded; run make bench-baseline"
            for case in now
            if case not in before
        ]
    report(now, before or {})
    return failed + list(compare(now, before or {}))
