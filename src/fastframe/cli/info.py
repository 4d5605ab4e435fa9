"""fastframe info: which core, libcrypto and CPU features are in use."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli.failure import OK

if TYPE_CHECKING:
    import argparse

_WORDS = {True: "yes", False: "no", None: "this build cannot tell"}


def run(args: argparse.Namespace) -> int:
    """Print the facts, as lines or as JSON."""
    facts = facts_of_build()
    if args.json:
        print(json.dumps(facts))
        return OK
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, (list, tuple)) else value
        if name == "vaes":
            shown = _WORDS[value]
        print(f"{name.replace('_', ' '):<20}{shown}")
    return OK


def facts_of_build() -> dict[str, Any]:
    """Give build_info() and the names this build knows, ready for JSON."""
    return {
        **asdict(ff.build_info()),
        "formats": ff.formats(),
        "codecs": tuple(name or "none" for name in ff.codecs()),
        "suites": ff.suites(),
    }


def describe_build() -> str:
    """Put the facts that decide speed into one line."""
    facts = ff.build_info()
    vaes = {True: "VAES yes", False: "VAES no", None: "VAES unknown"}[facts.vaes]
    features = " ".join(facts.cpu_features) or "no AES instructions reported"
    return (
        f"fastframe {facts.version} · Python {facts.python} · {facts.openssl} "
        f"({facts.linked}) · {vaes} · CPU: {features}"
    )
