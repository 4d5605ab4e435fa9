"""Plants losses of speed in a copy of the tree and shows that the gates fail.

Usage: python bench/plants.py [NAME...]

The copy stands in build/plants. What is counted there without a loss is its
record; then each loss is planted, compiled, and met by the very commands that
CI runs, which must exit with 1. A loss that no gate notices is an error here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from gates import builds
from gates.child import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COPY = ROOT / "build/plants"
AEAD, SEALER = "csrc/aead.c", "src/fastframe/sealer.py"
HEADER, COUNTS = "csrc/fastframe.h", "bench/instructions.json"


class Plant(NamedTuple):
    r"""One loss of speed.

    Attributes:
        file: where it is planted.
        at: a pattern found there once.
        text: what to put in its place; \g<0> is what was found.
        gates: those that must fail.
    """

    file: str
    at: str
    text: str
    gates: tuple[str, ...]


def five_percent(copy: Path) -> Plant:
    """Make our C spend 5 % more instructions on each frame that is sealed."""
    (record,) = json.loads((copy / COUNTS).read_text("utf-8"))
    core = record["cases"]["seal_batch 100 B insertable"]["core"]
    nops = f'asm volatile(".rept {round(core * 0.05)}\\\\n nop\\\\n .endr");'
    at = r"^ff_status ff_aead_seal\([^{]*\{\n"
    return Plant(AEAD, at, rf"\g<0>    {nops}\n", ("instructions",))


def five_percent_python(_copy: Path) -> Plant:
    """Have Sealer.seal() look at its argument once more."""
    at = r"^        # Nobody else has seen this object yet"
    text = r"        _ = (type(frame) is bytes, size)\n\g<0>"
    return Plant(SEALER, at, text, ("instructions",))


def around(
    call: str,
    before: str,
    instead: str,
    gates: tuple[str, ...] = ("instructions", "shares"),
) -> Callable[[Path], Plant]:
    """Make a plant that puts something in the place of OpenSSL's call."""
    at = r"^typedef struct \{\n    const char \*name;"
    macro = f"{before}\n#define {call}\n    {instead}".replace("\n    ", " \\\\\n    ")
    return lambda _copy: Plant(AEAD, at, macro + r"\n\g<0>", gates)


PLANTS: dict[str, Callable[[Path], Plant]] = {
    "5-percent-c": five_percent,
    "5-percent-python": five_percent_python,
    "context-per-frame": around(
        "EVP_EncryptInit_ex2(ctx, a, b, c, d)",
        "static int spoil(EVP_CIPHER_CTX *ctx) { EVP_CIPHER_CTX *fresh = "
        "EVP_CIPHER_CTX_new(); int good = EVP_CIPHER_CTX_copy(fresh, ctx); "
        "EVP_CIPHER_CTX_free(fresh); return good; }",
        "(spoil(ctx) && EVP_EncryptInit_ex2(ctx, a, b, c, d))",
    ),
    "tag-by-control-call": around(
        "EVP_CIPHER_CTX_get_params(ctx, param)",
        "",
        "EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, (param)->data)",
    ),
    "copy-per-frame": around(
        "EVP_EncryptUpdate(ctx, out, num, in, len)",
        "#include <string.h>\nstatic uint8_t spare[1 << 18];",
        "EVP_EncryptUpdate(ctx, out, num, memcpy(spare, in, (size_t)len), len)",
    ),
    "malloc-per-frame": around(
        "EVP_EncryptFinal_ex(ctx, out, num)",
        "",
        "(OPENSSL_free(OPENSSL_malloc(64)), EVP_EncryptFinal_ex(ctx, out, num))",
        ("instructions",),  # 20 ns: no clock tells that from noise
    ),
    "loop-not-inlined": lambda _copy: Plant(
        HEADER, r"__attribute__\(\(flatten\)\)", "", ("instructions",)
    ),
}


def lay_out() -> None:
    """Copy what git knows or would, and compile it."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = builds.git("ls-files", "--cached", "--others", "--exclude-standard")
    for name in (listed or "").splitlines():
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    (COPY / COUNTS).unlink(missing_ok=True)
    builds.compile_in(COPY)


def gate(*arguments: str) -> tuple[int, list[str]]:
    """Run the copy's gate; give its exit status and what it says has failed."""
    environment = os.environ | {"PYTHONPATH": str(COPY / "src")}
    command = [sys.executable, str(COPY / "bench/gate.py"), "--strict", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"plants: {arguments}\n{done.stdout}\n{done.stderr}")
    failed = [x for x in done.stdout.splitlines() if x.startswith("FAILED")]
    return done.returncode, failed


def try_plant(name: str, plant: Plant) -> bool:
    """Plant one loss; tell whether each of its gates fails."""
    path = COPY / plant.file
    sound = path.read_text(encoding="utf-8")
    spoilt, found = re.subn(plant.at, plant.text, sound, flags=re.MULTILINE)
    if found != 1:
        raise SystemExit(f"plants: {name}: {found} places in {plant.file}")
    path.write_text(spoilt, encoding="utf-8")
    try:
        builds.compile_in(COPY)
        outcomes = {which: gate(which) for which in plant.gates}
    finally:
        path.write_text(sound, encoding="utf-8")
    for which, (status, failed) in outcomes.items():
        print(f"{name:20s} {which}: {'caught' if status else 'NOT CAUGHT'}", flush=True)
        for line in failed[:3]:
            print(f"    {line}", flush=True)
    return all(status == 1 for status, _ in outcomes.values())


def main() -> int:
    """Try all plants, or those named; 1 if one is not caught."""
    names = sys.argv[1:] or list(PLANTS)
    lay_out()
    gate("--record", "instructions")
    plants = [PLANTS[name](COPY) for name in names]
    for which in sorted({which for plant in plants for which in plant.gates}):
        status, failed = gate(which)
        if status:
            raise SystemExit(f"plants: fails before anything is planted: {failed}")
        print(f"{'nothing planted':20s} {which}: passes", flush=True)
    caught = [try_plant(name, plant) for name, plant in zip(names, plants, strict=True)]
    print(f"{sum(caught)} of {len(caught)} caught")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
