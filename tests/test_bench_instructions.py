"""The gate of speed that counts instructions: what it reads, keeps and refuses.

That it catches a loss of speed in the real thing, bench/plants.py shows.
"""

from __future__ import annotations

import json
import sys

import pytest
from support import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from gates import builds, callgrind, instructions, records
from gates.cases import COUNTED, TIMED

FACTS = {"python": "3.11.7", "openssl": "3.5.7", "valgrind": "3.19"}


def counts(core: float, allocations: float = 0.0) -> records.Counts:
    """Give counts of one case."""
    parts = {"core": core, "copies": 14.0, "libcrypto": 1600.0, "python": 190.0}
    return {"seal_batch": parts | {"allocations": allocations}}


# -- reading what callgrind writes --

DUMP = """\
events: Ir
ob=/venv/fastframe/_ffi.abi3.so
fl=???
fn=ff_seal_batch
0 300
cob=/lib/libc.so.6
cfi=???
cfn=__memcpy_avx_unaligned_erms
calls=3 0
0 40
cfn=EVP_EncryptUpdate
calls=1 0
0 900
fn=EVP_EncryptUpdate
0 890
cob=/lib/libc.so.6
cfn=malloc
calls=2 0
0 10
fn=aes_gcm.part.0
0 60
ob=/usr/bin/python3.11
fn=_PyEval_EvalFrameDefault
0 500
ob=/lib/libc.so.6
fn=__memcpy_avx_unaligned_erms
0 40
fn=malloc
0 10
"""


def parts(text: str, frames: int = 1) -> dict[str, float]:
    """Read a dump against an empty one."""
    few, many = callgrind.read([]), callgrind.read(text.splitlines())
    return callgrind.per_frame(few, many, frames, {"EVP_EncryptUpdate", "aes_gcm"})


def test_every_instruction_is_somebodys():
    """A part that lost what it spends would let it grow unseen."""
    assert parts(DUMP) == {
        "core": 300,
        "copies": 40,
        "libcrypto": 890 + 60 + 10,
        "python": 500,
        "allocations": 2,
    }


def test_what_both_loops_spend_is_not_counted():
    """Starting the loop is no work on a frame."""
    once = callgrind.read(DUMP.splitlines())
    twice = callgrind.read((DUMP + DUMP).splitlines())
    found = callgrind.per_frame(once, twice, 10, {"EVP_EncryptUpdate", "aes_gcm"})
    assert (found["core"], found["python"]) == (30, 50)


def test_a_shared_libcrypto_is_told_by_its_file():
    """Linked with the system's, no name of it is in our object."""
    function = ("/usr/lib/libcrypto.so.3", "EVP_EncryptUpdate")
    assert callgrind.part_of(function, set()) == "libcrypto"


# -- judging --


def test_five_percent_more_in_our_c_fails():
    """It is less than 1 % of all instructions: the parts must be held apart."""
    (failed,) = instructions.compare(counts(370 * 1.05), counts(370))
    assert "core 370 -> 388.5" in failed


def test_two_percent_more_passes():
    """A compiler's whim is no regression."""
    assert not list(instructions.compare(counts(370 * 1.02), counts(370)))


def test_fewer_instructions_pass():
    """Getting faster needs no permission."""
    assert not list(instructions.compare(counts(200), counts(370)))


def test_less_than_an_instruction_a_frame_is_noise():
    """Of a part with next to none, any change is a large share."""
    assert not instructions.is_regression(2.9, 2.0)
    assert instructions.is_regression(3.1, 2.0)


def test_an_allocation_per_frame_fails_without_any_record():
    """The steady state allocates nothing, on whatever machine."""
    (failed,) = instructions.compare(counts(370, allocations=1.0), {})
    assert "1 C allocations" in failed


# -- records and the machines they are of --


def machine(monkeypatch, tmp_path, facts: dict[str, str], now: records.Counts) -> None:
    """Pretend that a machine with these facts has counted this."""
    monkeypatch.setattr(records, "FILE", tmp_path / "instructions.json")
    monkeypatch.setattr(instructions, "COUNTED", [])
    monkeypatch.setattr(instructions.shutil, "which", lambda name: name)
    monkeypatch.setattr(instructions, "count", lambda *_tree: (facts, now))


def test_counts_are_compared_under_equal_facts_alone(monkeypatch, tmp_path):
    """Another OpenSSL or compiler spends other instructions: no regression."""
    machine(monkeypatch, tmp_path, FACTS, counts(500))
    records.keep(FACTS | {"openssl": "3.5.8"}, counts(370))
    assert instructions.run(None, is_strict=False) == []
    records.keep(FACTS, counts(370))
    assert instructions.run(None, is_strict=False) != []


def test_a_missing_record_is_told_loudly(monkeypatch, tmp_path, capsys):
    """A gate that holds nothing must not look like one that passed."""
    machine(monkeypatch, tmp_path, FACTS, counts(370))
    records.keep(FACTS | {"openssl": "3.5.8"}, counts(370))
    instructions.run(None, is_strict=False)
    said = capsys.readouterr().out
    assert "NO RECORD for this machine: openssl is 3.5.7, recorded 3.5.8" in said
    assert json.loads(said[said.index("[") : said.rindex("]") + 1])[0]["facts"] == FACTS


@pytest.mark.parametrize(("now", "fails"), [(370, False), (390, True)])
def test_ci_without_a_record_counts_the_base(monkeypatch, tmp_path, now, fails):
    """On a new image the gate still holds, against the commit before."""
    machine(monkeypatch, tmp_path, FACTS, counts(now))
    answers = iter([counts(now), counts(370)])
    monkeypatch.setattr(instructions, "count", lambda *_tree: (FACTS, next(answers)))
    monkeypatch.setattr(builds, "base_tree", lambda _wish: tmp_path)
    assert bool(instructions.run(None, is_strict=True)) == fails


def test_a_case_without_a_record_fails_in_ci(monkeypatch, tmp_path):
    """Who adds a case records it, or it never holds anything."""
    machine(
        monkeypatch, tmp_path, FACTS, counts(370) | {"new": counts(1)["seal_batch"]}
    )
    records.keep(FACTS, counts(370))
    assert instructions.run(None, is_strict=True) == ["new is not recorded"]
    assert instructions.run(None, is_strict=False) == []


@pytest.mark.parametrize("is_strict", [False, True])
def test_no_valgrind_fails_in_ci_alone(monkeypatch, is_strict):
    """A developer may have none; CI installs it."""
    monkeypatch.setattr(instructions.shutil, "which", lambda _name: None)
    assert bool(instructions.run(None, is_strict=is_strict)) == is_strict


def test_keeping_counts_replaces_those_of_the_same_machine(monkeypatch, tmp_path):
    """Two records under one key would leave it to their order which holds."""
    monkeypatch.setattr(records, "FILE", tmp_path / "instructions.json")
    other = FACTS | {"python": "3.12.1"}
    for core in (1.0, 2.0):
        records.keep(FACTS, counts(core))
        records.keep(other, counts(core + 10))
    kept = records.read()
    assert len(kept) == 2
    assert records.find(kept, FACTS) == counts(2)
    assert records.find(kept, other) == counts(12)


def test_the_records_hold_every_case():
    """A case that was renamed would otherwise drop out of the gate."""
    names = {case.name for case in COUNTED}
    assert records.read()
    for record in records.read():
        assert set(record["cases"]) == names


@pytest.mark.parametrize("case", TIMED, ids=lambda case: case.name)
def test_every_case_runs(case):
    """A case that does not run is left out on old bases, so it must not here."""
    call = case.build(2)
    for _ in range(2):
        result = call()
        assert result
        assert case.frames in (1, getattr(result, "ok", 1))
