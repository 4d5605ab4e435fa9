"""`fastframe relay` as a process: options, figures, its end, and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import json
import signal
import ssl
import subprocess
import sys
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client.parser import text_string_to_metric_families
from relays import (
    PATIENCE,
    ROOM,
    Guest,
    Person,
    RelayProcess,
    relay_and,
    run,
    until,
    until_keyed,
)

from fastframe import cli
from fastframe.keys import protocol
from fastframe.keys.relay import Limits


def fetch(relay, path):
    """Get a page of figures as text."""
    url = relay.metrics_url.replace("/metrics", path)
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:  # noqa: S310 - loopback
        return response.read().decode()


def refusal_of(capsys, *options):
    """Call the command wrongly; give its exit code and its words."""
    code = cli.main(["relay", *map(str, options)])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


# -- figures --


def test_figures_are_what_prometheus_reads():
    """A figure that its parser does not take is none."""

    async def visit(url):
        alice, bob = [await Guest.come(url) for _ in range(2)]
        await alice.send(bob.public_key, b"x")
        assert await bob.blob() == b"x"
        await alice.send(alice.public_key[::-1], b"x")
        assert await alice.refusal() == "no_such_member"
        for guest in (alice, bob):
            await guest.close()

    with RelayProcess() as relay:
        run(visit(relay.url))
        text = fetch(relay, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["fastframe_relay_blobs_received_total",] == 2
    assert values["fastframe_relay_blobs_relayed_total",] == 1
    assert values["fastframe_relay_blobs_refused_total", "no_such_member"] == 1
    assert values["fastframe_relay_hellos_total", "accepted"] == 2
    assert values["fastframe_relay_bytes_relayed_total",] > 0
    assert families["fastframe_relay_connections"].type == "gauge"
    assert families["fastframe_relay_blobs_relayed"].type == "counter"
    assert all(family.documentation for family in families.values())


def test_figures_are_there_as_json_too():
    """For those who have no Prometheus, the same numbers."""
    with RelayProcess() as relay:
        run(visit_once(relay.url))
        counts = json.loads(fetch(relay, "/stats"))
    assert counts["hellos_total"] == {"accepted": 1}
    assert counts["rooms"] == counts["members"] == 0
    assert counts["version"]


async def visit_once(url):
    """Come and go."""
    await (await Guest.come(url)).close()


def test_health_is_on_both_ports_and_figures_on_one():
    """A proxy asks the members' port; figures are the operator's alone."""
    with RelayProcess() as relay:
        assert fetch(relay, "/healthz") == "ok\n"
        base = relay.url.replace("ws:", "http:")
        with urllib.request.urlopen(base + "healthz", timeout=PATIENCE) as response:  # noqa: S310
            assert response.read() == b"ok\n"
        for url in (base + "metrics", relay.metrics_url.replace("metrics", "other")):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(url, timeout=PATIENCE)  # noqa: S310 - loopback
        with pytest.raises(Exception, match="404"):
            run(Guest.knock(relay.metrics_url.replace("http:", "ws:")[:-8]))


# -- its end --


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end_is_clean(number):
    """Members hear of it, nobody is told that others left, and it exits with 0."""

    async def visit(relay):
        alice, bob = [await Guest.come(relay.url) for _ in range(2)]
        assert (await alice.next())["type"] == "joined"
        ending = asyncio.ensure_future(asyncio.to_thread(relay.end, number))
        for guest in (alice, bob):
            assert await guest.next() == {"type": "error", "code": "closing"}
            # A "left" here would have a whole room change its keys.
            with contextlib.suppress(Exception):
                pytest.fail(f"after that came {await guest.socket.recv()}")
            assert guest.socket.close_code == protocol.CloseCode.GOING_AWAY
        return await ending

    with RelayProcess() as relay:
        code, log = run(visit(relay))
        assert code == 0
        assert [json.loads(line)["event"] for line in log.splitlines()] == [
            "started",
            *["joined"] * 2,
            *["left"] * 2,
            "stopped",
        ]


def test_member_that_does_not_read_cannot_hold_up_the_end():
    """The library would wait for it until it reads."""

    async def test():
        limits = Limits(close_seconds=0.1)
        async with relay_and(2, limits=limits) as (relay, alice, bob):
            bob.socket.transport.pause_reading()
            while relay.metrics.snapshot()["unsent_bytes"] < 100_000:
                await alice.send(bob.public_key, bytes(60_000))
                await asyncio.sleep(0)
            await relay.close()
            assert relay.metrics.snapshot()["connections"] == 0
            bob.socket.transport.abort()

    run(test())


def test_kill_and_restart_cost_time_alone():
    """Members come back by themselves, and no key is lost or changed for it."""

    async def test(first):
        async with contextlib.AsyncExitStack() as stack:
            people = [
                await stack.enter_async_context(Person(first.url)) for _ in range(5)
            ]
            await until_keyed(people)
            generations = [one.room.generation for one in people]
            first.end(signal.SIGKILL)
            await until(lambda: not any(one.client.is_connected for one in people))
            # What is done while there is no relay reaches the others later.
            own = people[0].own
            people[0].rotate()
            with RelayProcess(port=first.port) as second:
                await until(lambda: all(one.client.is_connected for one in people))
                await until(lambda: people[0].own != own)
                await until_keyed(people)
                counts = json.loads(await asyncio.to_thread(fetch, second, "/stats"))
                assert counts["members"] == 5
            generations[0] += 1
            assert [one.room.generation for one in people] == generations
            assert not any("member_left" in one.events for one in people)

    with RelayProcess() as relay:
        run(test(relay))


# -- options --


def test_tokens_are_read_anew_when_their_file_changes(tmp_path):
    """A token that has leaked must go without all members' going."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"# ours\n\nfor-all\nfor-one {ROOM}\n")

    async def admits(relay, token, room=ROOM):
        guest = await Guest.knock(relay.url)
        await guest.hello(room, token=token)
        answer = await guest.next()
        await guest.close()
        return answer["type"] == "members"

    async def visit(relay):
        assert await admits(relay, "for-all")
        assert await admits(relay, "for-all", "another room")
        assert await admits(relay, "for-one")
        assert not await admits(relay, "for-one", "another room")
        for token in ("wrong", "# ours", f"for-one {ROOM}", None):
            assert not await admits(relay, token)
        tokens.write_text("another\n")
        assert await admits(relay, "another")
        assert not await admits(relay, "for-all")
        tokens.unlink()
        assert not await admits(relay, "another")

    with RelayProcess("--tokens", tokens) as relay:
        run(visit(relay))
        _, log = relay.end()
    assert "for-all" not in log


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = dt.datetime.now(dt.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_certificate_makes_it_speak_tls(certificate):
    """Where there is no proxy, tokens and room names must not travel in the clear."""

    async def visit(relay):
        context = ssl.create_default_context(cafile=certificate)
        guest = await Guest.knock(relay.url, ssl=context)
        await guest.hello()
        assert (await guest.next())["type"] == "members"
        await guest.close()
        # Until Python 3.11 a TLS transport that the other end closed counts as
        # left open.
        guest.socket.transport.abort()

    with RelayProcess("--certificate", certificate) as relay:
        assert relay.url.startswith("wss://")
        run(visit(relay))


def test_wrong_calls_say_what_is_wrong(capsys, tmp_path):
    """One line and an exit code, no traceback."""
    missing = tmp_path / "none"
    code, words = refusal_of(capsys, "--tokens", missing)
    assert (code, str(missing) in words) == (1, True)
    code, words = refusal_of(capsys, "--certificate", missing)
    assert (code, str(missing) in words) == (1, True)
    code, words = refusal_of(capsys, "--certificate-key", missing)
    assert (code, "--certificate" in words) == (2, True)
    for options in (["--port", "65536"], ["--port", "x"], ["--members", "0"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(["relay", *options])
        assert caught.value.code == 2


def test_port_in_use_ends_it_with_a_word():
    """Started twice, the second must not look as if it worked."""
    with RelayProcess() as relay:
        command = [sys.executable, "-m", "fastframe", "relay"]
        done = subprocess.run(  # noqa: S603 - our own program
            [*command, "--port", str(relay.port)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f":{relay.port}" in done.stderr
    assert "Traceback" not in done.stderr
