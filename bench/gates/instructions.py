"""Gate (c): instructions per frame, counted by callgrind.

A count does not depend on how busy the machine is, but on everything that
compiled or chose code: such facts are the key of a record in instructions.json.
Each part of a frame's instructions is held by itself, or a change of ours would
drown in the interpreter's and libcrypto's thousands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ceiling import openssl_prefix

from gates import builds, callgrind, child, counted, records, table
from gates.callgrind import PARTS
from gates.counted import COUNTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gates.records import Counts, Facts

VALGRIND = ("valgrind",)
LIMIT = 1.03
# Less than an instruction a frame is the counting's own: a Python object that
# lies elsewhere, shared by the frames of a batch.
LEAST = 1.0


def wrapper(folder: Path) -> tuple[str, ...]:
    """Give the command in front of the process to be counted."""
    # Addresses decide where hash tables keep what is hashed by address. Some
    # containers do not let them be fixed; valgrind then does most of it.
    fixed = ("setarch", "-R")
    tried = shutil.which("setarch") and subprocess.run([*fixed, "true"], check=False)
    marks = ("--tool=callgrind", "--dump-before=getppid")
    out = f"--callgrind-out-file={folder / 'out'}"
    used = fixed if tried and tried.returncode == 0 else ()
    return (*used, *VALGRIND, "-q", *marks, *callgrind.OPTIONS, out)


def compiler_of(extension: Path) -> str:
    """Read from the extension which compiler made it."""
    pattern = rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+"
    found = re.search(pattern, extension.read_bytes())
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
    asked = [*VALGRIND, "--version"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True)
    compiler = compiler_of(Path(ran["extension"]))
    tools = {"compiler": compiler, "valgrind": version.stdout.strip()}
    return ran["facts"] | tools, counts


def compare(now: Counts, before: Counts) -> Iterator[str]:
    """Name what costs more than it did, and what allocates."""
    most = table.find("C allocations per frame")
    for case, parts in now.items():
        if most.is_gated_out_by(parts["allocations"]):
            yield f"{case}: {parts['allocations']:g} C allocations per frame"
        for part in PARTS:
            was, is_now = before.get(case, parts)[part], parts[part]
            if is_regression(is_now, was):
                yield f"{case}: {part} {was:g} -> {is_now:g} instructions per frame"


def is_regression(now: float, before: float) -> bool:
    """Tell whether a count has grown by more than the limit."""
    return now > before * LIMIT and now - before > LEAST


def record() -> None:
    """Count, and keep the counts under this machine's facts."""
    facts, now = count()
    report(now, records.find(records.read(), facts) or {})
    records.keep(facts, now)
    print(f"recorded in {records.FILE.name}")


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
    if shutil.which(VALGRIND[0]) is None:
        print("valgrind is not installed: NOTHING WAS COUNTED")
        return ["valgrind is not installed"] if is_strict else []
    facts, now = count()
    before = records.find(records.read(), facts)
    failed = [f"{c.name} does not run" for c in COUNTED if c.name not in now]
    if before is None:
        before = without_record(facts, now, base, is_strict=is_strict)
    elif is_strict:
        failed += [f"{name} is not recorded" for name in now if name not in before]
    report(now, before)
    failed += compare(now, before)
    if failed:
        print("If it is to be so: make bench-baseline, and commit what it records.")
    return failed


def without_record(
    facts: Facts, now: Counts, base: str | None, *, is_strict: bool
) -> Counts:
    """Say loudly that there is no record; in CI count the base in its place."""
    print(f"NO RECORD for this machine: {records.difference(records.read(), facts)}.")
    print("`make bench-baseline` would keep this:")
    print(records.text([{"facts": facts, "cases": now}]))
    if not is_strict:
        return {}
    tree = builds.base_tree(base)
    print(f"Instead it is compared with {tree.name[:12]}, counted here and now.")
    return count(tree)[1]
