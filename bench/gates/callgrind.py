"""Reads what callgrind writes: who spent how many instructions."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What every run is given: names in full, so that a line can be read alone.
OPTIONS = ("--compress-strings=no", "--compress-pos=no", "--dump-line=no")
PARTS = ("core", "copies", "libcrypto", "python")
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}
Function = tuple[str, str]  # object, name


@dataclass
class Profile:
    """One dump.

    Attributes:
        spent: the instructions of each function, its callees' left out.
        in_libc: the instructions of libc's functions that each one called.
        allocations: how often each one called an allocator of libc.
    """

    spent: Counter[Function] = field(default_factory=Counter)
    in_libc: Counter[Function] = field(default_factory=Counter)
    allocations: Counter[Function] = field(default_factory=Counter)


def read(lines: Iterable[str]) -> Profile:
    """Read one dump."""
    profile = Profile()
    at = {"ob": "", "fn": "", "cob": "", "cfn": ""}
    is_call = False
    for line in lines:
        key, _, value = line.rstrip("\n").partition("=")
        if key in at:
            at[key] = value
        elif key == "calls":
            is_call = True
            if at["cfn"] in ALLOCATORS:
                profile.allocations[at["ob"], at["fn"]] += int(value.split()[0])
        elif line[:1].isdigit():
            spender = profile.spent
            if is_call:  # this line is the callee's
                spender = profile.in_libc if is_libc(at["cob"]) else Counter()
            spender[at["ob"], at["fn"]] += int(line.split()[1])
            at["cob"], is_call = "", False  # a call within one object names none
    return profile


def is_libc(path: str) -> bool:
    """Tell whether an object is the C library."""
    return Path(path).name.startswith("libc.")


def names_in(archive: Path) -> set[str]:
    """Name the functions of a static library."""
    command = ["nm", "--defined-only", str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in done.stdout.splitlines() if " " in line}


def part_of(function: Function, crypto: set[str]) -> str:
    """Tell whose a function is: our C, libcrypto's, or Python's.

    A static libcrypto lies in our own object, so crypto has its names. The
    compiler puts .part.0 and the like behind the names of pieces.
    """
    path, name = function
    file = Path(path).name
    if file.startswith("_ffi."):
        return "libcrypto" if re.split(r"[.']", name)[0] in crypto else "core"
    return "libcrypto" if file.startswith("libcrypto.") else "python"


def parts_of(profile: Profile, crypto: set[str]) -> Counter[str]:
    """Give what each part spent.

    libc's instructions go to who called it. What our C has it do, copying, is a
    part of its own; what it allocates there is counted besides.
    """
    found: Counter[str] = Counter()
    for function, cost in profile.spent.items():
        found[part_of(function, crypto)] += cost
    for function, cost in profile.in_libc.items():
        part = part_of(function, crypto)
        if part != "python":  # whose share holds all of libc so far
            found["python"] -= cost
            found["copies" if part == "core" else part] += cost
    for function, calls in profile.allocations.items():
        if part_of(function, crypto) != "python":
            found["allocations"] += calls
    return found


def per_frame(
    few: Profile, many: Profile, frames: int, crypto: set[str]
) -> dict[str, float]:
    """Give each part's instructions per frame, and our C's allocations.

    few and many differ by a number of frames: what both spent apart from them,
    starting the loop, is not counted.
    """
    more = parts_of(many, crypto)
    more.subtract(parts_of(few, crypto))
    return {part: round(more[part] / frames, 2) for part in (*PARTS, "allocations")}
