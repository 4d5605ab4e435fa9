"""Messages: exactly what the table in fastframe.keys.messages says, and no more."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastframe.keys.messages import (
    HELD_MAX,
    MESSAGE_MAX,
    NUMBER_MAX,
    BadMessage,
    Bye,
    Hello,
    Here,
    KeyNews,
    Linked,
    State,
    decode,
    decode_body,
    encode,
    encode_body,
)

LINK = bytes(range(16))
MAC = bytes(range(32))
BODIES = [
    State(1, 0, ()),
    State(NUMBER_MAX, 5, tuple(range(HELD_MAX, 0, -1))),
    KeyNews(2, 3, 255, 3, "now", b"wrapped"),
    KeyNews(2, 4, 0, 3, "later", None),
    Bye(9),
]
MESSAGES = [
    Here(),
    Hello(b"secret", None),
    Hello(b"\xff\xfe\xfd", LINK),
    *(Linked(LINK, encode_body(body), MAC) for body in BODIES),
]


def test_wire_is_what_the_table_says():
    """Another language's implementation reads and writes these very bytes."""
    assert encode(Here()) == b'{"v":1,"type":"here"}'
    assert encode(Hello(b"\xff\xfe", None)) == (
        b'{"v":1,"type":"hello","secret":"__4","seen":null}'
    )
    assert encode_body(KeyNews(2, 4, 7, 3, "later", None)) == (
        b'{"type":"step","n":2,"generation":4,"key_id":7,"root":3,"at":"later"}'
    )
    assert encode_body(KeyNews(2, 3, 7, 3, "now", b"\xfb")) == (
        b'{"type":"key","n":2,"generation":3,"key_id":7,"root":3,"at":"now",'
        b'"wrapped":"-w"}'
    )
    assert encode_body(State(1, 2, (4, 3))) == (
        b'{"type":"state","n":1,"mine":2,"yours":[4,3]}'
    )
    linked = json.loads(encode(Linked(LINK, b'{"type":"bye","n":1}', MAC)))
    assert linked["body"] == '{"type":"bye","n":1}'
    assert linked["link"] == "AAECAwQFBgcICQoLDA0ODw"


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_message_comes_back(message):
    """What is written is read."""
    assert decode(encode(message)) == message


@pytest.mark.parametrize("body", BODIES, ids=lambda one: type(one).__name__)
def test_body_comes_back(body):
    """What is written is read."""
    assert decode_body(encode_body(body)) == body


def changes_of(fields):
    """Give objects of which each differs from fields in one place, wrongly."""
    odd = [None, True, -1, 1.5, "x", "", [], {}, NUMBER_MAX + 1, "AA==", "A", "A\n"]
    for name in fields:
        yield {key: value for key, value in fields.items() if key != name}
        for value in odd:
            yield fields | {name: value}
    yield fields | {"more": 1}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_message_that_differs_is_refused_or_another(message):
    """Nothing is guessed, nothing is skipped; whatever is read is of one kind."""
    for fields in changes_of(json.loads(encode(message))):
        data = json.dumps(fields).encode()
        try:
            read = decode(data)
        except BadMessage:
            continue
        assert json.loads(encode(read)) == fields


@pytest.mark.parametrize("body", BODIES, ids=lambda one: type(one).__name__)
def test_body_that_differs_is_refused_or_another(body):
    """As for messages: here an insider wrote it."""
    for fields in changes_of(json.loads(encode_body(body))):
        try:
            read = decode_body(json.dumps(fields).encode())
        except BadMessage:
            continue
        assert json.loads(encode_body(read)) == fields


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b"{",
        b"[" * MESSAGE_MAX,
        b"9" * MESSAGE_MAX,
        b'{"v":' + b"9" * 5000 + b"}",
        b'{"v":1e999,"type":"here"}',
        b'{"v":true,"type":"here"}',
        b'{"v":1.0,"type":"here"}',
        b'{"v":"1","type":"here"}',
        b'{"v":2,"type":"here"}',
        b'{"v":1,"type":"here"}' + b" " * MESSAGE_MAX,
        b"\xff\xff",
        encode(MESSAGES[-1]).replace(b'"body":"', b'"body":"\\ud800'),
    ],
)
def test_what_is_no_message_is_refused(data):
    """Whatever it is: BadMessage, and nothing else."""
    with pytest.raises(BadMessage):
        decode(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    """No other exception, ever."""
    for read in (decode, decode_body):
        with contextlib.suppress(BadMessage):
            read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["v", "type", "n", "link", "body", "mac", "yours", "at"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(value):
    """The same for what is well formed."""
    for read in (decode, decode_body):
        with contextlib.suppress(BadMessage):
            read(json.dumps(value).encode())


def test_spare_bits_of_base64_are_refused():
    """Two spellings of one link id would be two links."""
    good = json.loads(encode(Linked(LINK, b"{}", MAC)))
    assert good["link"].endswith("w")
    with pytest.raises(BadMessage):
        decode(json.dumps(good | {"link": good["link"][:-1] + "x"}).encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_message_is_utf_8_and_nothing_else(encoding):
    """Python's json guesses encodings; browsers do not, and both must agree."""
    with pytest.raises(BadMessage):
        decode('{"v":1,"type":"here"}'.encode(encoding))
    with pytest.raises(BadMessage):
        decode_body('{"type":"bye","n":1}'.encode(encoding))
