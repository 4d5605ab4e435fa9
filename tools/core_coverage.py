"""Which lines of the C core its C tests have run, for tools/test-core.

A line that can never run may say so in a comment with the word "unreachable:"
and the reason; it then does not count.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What works on bytes or numbers that a peer chose, as file:function.
REACHABLE = re.compile(
    r"(open|reading|verify|inspect|batch|crowd|aead|ctrhmac|window|senders)\.c:.*|"
    r"(clear|wire|split|pieces|annexb|escape|ratchet)\.c:.*|(formats|codecs|schedules)/.*|"
    r"(loop|nonce|span|frame|format|zeros)\.h:.*|rung\.c:(climb|ff_rung_next)|"
    r"slots\.c:(position|ff_slots_find|ff_slots_nth)"
)


def count_lines(
    gcov: str, csrc: Path, folder: Path
) -> dict[str, dict[tuple[int, str], int]]:
    """Sum per file how often each line of each function ran, in all objects."""
    files: dict[str, dict[tuple[int, str], int]] = {}
    data = sorted(folder.glob("*.gcda"))
    done = subprocess.run(
        [gcov, "-j", "-t", *data], cwd=folder, capture_output=True, check=True
    )
    for text in done.stdout.splitlines():
        for file in json.loads(text)["files"]:
            if file["file"].startswith(f"{csrc}/"):
                name = file["file"].removeprefix(f"{csrc}/")
                own = files.setdefault(name, {})
                for line in file["lines"]:
                    at = line["line_number"], line.get("function_name", "")
                    own[at] = own.get(at, 0) + line["count"]
    return files


def report_coverage(gcov: str, csrc: Path, folder: Path) -> bool:
    """Print the share of each file; False if a reachable line never ran."""
    is_good = True
    for name, own in sorted(count_lines(gcov, csrc, folder).items()):
        text = (csrc / name).read_text().splitlines()
        missed = [at for at in sorted(own) if own[at] == 0]
        missed = [at for at in missed if "unreachable:" not in text[at[0] - 1]]
        share = 100 * (1 - len(missed) / len(own))
        print(f"  coverage {name:22} {share:5.1f} % of {len(own):3} lines")
        for line, function in missed:
            must = REACHABLE.fullmatch(f"{name}:{function}")
            is_good = is_good and not must
            word = "NEVER RUN, PEERS REACH IT" if must else "never run"
            print(f"      {word}: {name}:{line}: {text[line - 1].strip()}")
    return is_good
