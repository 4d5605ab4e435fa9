"""The fence around CFFI: the only module that imports the compiled core.

It pins buffers, makes C objects that free themselves, and turns the numbers
that C returns into exceptions. Everything else in the package sees Python
types, plus opaque handles that it hands back here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from fastframe._ffi import ffi, lib
from fastframe.errors import (
    REJECTIONS,
    FastframeError,
    KeyExhausted,
    LibraryFailure,
    Status,
    UsageError,
    UsageTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Handle = Any  # a cdata object
Buffer = Any  # any object with a C-contiguous buffer; 3.12 names it abc.Buffer

NULL: Handle = ffi.NULL
FRAME_MAX: int = lib.FF_FRAME_MAX
BATCH_MAX: int = lib.FF_BATCH_MAX
SOURCES_MAX: int = lib.FF_SOURCES_MAX
WINDOW_MAX: int = lib.FF_WINDOW_MAX
NONCE_LEN: int = lib.FF_NONCE_LEN
SPARE: int = lib.FF_SPARE
FRAME_ROOM: int = lib.FF_FRAME_ROOM
NO_ROOM: int = lib.FF_NO_ROOM
FIRST_ERROR: int = lib.FF_BAD_ARGUMENT  # statuses are below, call errors above
COUNTER_MAX = 2**64 - 1
RESERVE_FIRST: int = lib.FF_RESERVE_FIRST
KINDS: dict[object, int] = {None: lib.FF_EITHER, False: lib.FF_DELTA, True: lib.FF_KEY}
# These are about one frame of the batch, the one at bad_index.
FRAME_ERRORS = (
    lib.FF_BAD_LENGTH,
    lib.FF_BAD_SPAN,
    lib.FF_BAD_OVERLAP,
    lib.FF_BAD_SOURCE,
    lib.FF_BAD_AAD,
)

# Called once per frame or batch, so bound here: one lookup less each time.
pin: Callable[[Buffer], Handle] = ffi.from_buffer
seal_one: Callable[..., int] = lib.ff_seal_one
open_one: Callable[..., int] = lib.ff_open_one
seal_batch: Callable[[Handle, Handle, int], int] = lib.ff_seal_batch
open_batch: Callable[[Handle, Handle, int], int] = lib.ff_open_batch

_LIBRARY_ERRORS = (lib.FF_LIB_MEMORY, lib.FF_LIB_CRYPTO)


def text_of(code: int) -> str:
    """Give C's words for a status or error number."""
    return str(ffi.string(lib.ff_status_text(code)).decode())


def name_of(code: int) -> str | None:
    """Give C's name for a status or error number, None if it has none."""
    name = lib.ff_status_name(code)
    return None if name == NULL else str(ffi.string(name).decode())


def raise_error(code: int, what: str) -> NoReturn:
    """Raise for an ff_error: why the call as a whole was refused."""
    if code in _LIBRARY_ERRORS:
        raise LibraryFailure(f"{what}: {text_of(code)}")
    raise UsageError(f"{what}: {text_of(code)}")


def raise_status(
    code: int, *, key_id: int | None = None, index: int | None = None
) -> NoReturn:
    """Raise for an ff_status: what became of one frame."""
    status = Status(code)
    where = "" if index is None else f"frame {index}: "
    if status in REJECTIONS:
        named = "" if key_id is None else f" (it names key id {key_id})"
        raise REJECTIONS[status](
            f"{where}{status.name}: {text_of(code)}{named}",
            status=status,
            key_id=key_id,
            index=index,
        )
    message = f"{where}{text_of(code)}"
    if status is Status.KEY_EXHAUSTED:
        raise KeyExhausted(message)
    if status is Status.NO_ROOM:
        raise UsageError(message)
    if status is Status.INTERNAL:
        raise LibraryFailure(message)
    raise FastframeError(message)


def pin_to_read(buffer: Buffer, what: str) -> Handle:
    """Borrow a C-contiguous buffer, or say what came instead."""
    try:
        return ffi.from_buffer(buffer)
    except TypeError:
        raise UsageTypeError(
            f"{what} must be bytes-like, got {type(buffer).__name__}"
        ) from None
    except (ValueError, BufferError):
        raise UsageError(
            f"{what} must be C-contiguous; this {type(buffer).__name__} is not"
        ) from None


def copy_bytes(buffer: Buffer, what: str) -> bytes:
    """Copy a C-contiguous buffer."""
    return bytes(ffi.buffer(pin_to_read(buffer, what)))


def pin_all(buffers: tuple[Buffer, ...], what: str) -> list[Handle]:
    """Borrow many buffers at once."""
    try:
        return list(map(pin, buffers))
    except (TypeError, ValueError, BufferError):
        return [
            pin_to_read(buffer, f"{what} {index}")
            for index, buffer in enumerate(buffers)
        ]


def pin_to_write(buffer: Buffer, what: str) -> Handle:
    """Borrow a writable C-contiguous buffer, or say what came instead."""
    try:
        # A keyword here would double the cost of the whole call.
        return ffi.from_buffer("uint8_t[]", buffer, True)  # noqa: FBT003
    except TypeError:
        raise UsageTypeError(
            f"{what} must be a writable buffer, got {type(buffer).__name__}"
        ) from None
    except BufferError:
        raise _explain_unwritable(buffer, what) from None
    except ValueError:
        raise UsageError(
            f"{what} must be C-contiguous; this {type(buffer).__name__} is not"
        ) from None


def _explain_unwritable(buffer: Buffer, what: str) -> UsageError:
    kind = type(buffer).__name__
    if memoryview(buffer).readonly:
        return UsageTypeError(f"{what} must be writable; this {kind} is read-only")
    return UsageError(f"{what} must be C-contiguous; this {kind} is not")


class Extra:
    """An ff_extra with the caller's bytes held for as long as it lives."""

    __slots__ = ("_aad", "handle")

    def __init__(self, aad: Buffer | None, counter: int) -> None:
        """Pin aad (None: no bytes) beside a counter."""
        self.handle = ffi.new("ff_extra *")
        self.handle.counter = check_int(counter, "counter", 0, COUNTER_MAX)
        self._aad = None
        if aad is not None:
            self._aad = pin_to_read(aad, "aad")
            self.handle.aad = ffi.cast("uint8_t *", self._aad)
            self.handle.aad_len = len(self._aad)


class _NoExtra:
    """Stands for an Extra without content: a NULL ff_extra."""

    handle = NULL


_NO_EXTRA = _NoExtra()


def make_extra(aad: Buffer | None, counter: int) -> Extra | _NoExtra:
    """Give what goes beside a frame; keep it until the call is over."""
    if aad is None and type(counter) is int and counter == 0:
        return _NO_EXTRA
    return Extra(aad, counter)


def kind_of(key_frame: object) -> int:
    """Give the ff_key_frame of True, False or None."""
    try:
        return KINDS[key_frame]
    except (KeyError, TypeError):
        raise UsageTypeError(
            f"key_frame must be True, False or None, got {key_frame!r}"
        ) from None


def check_int(value: object, what: str, least: int, most: int) -> int:
    """Accept an int from least to most (a bool is none)."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageTypeError(f"{what} must be an int, got {type(value).__name__}")
    if not least <= value <= most:
        raise UsageError(f"{what} must be {least} to {most}, got {value}")
    return value


class Names:
    """One registry of the C core: names in order, found by name."""

    def __init__(self, what: str, name_at: Callable[[int], Handle]) -> None:
        """Read the registry through name_at until it gives NULL."""
        self._what = what
        names: list[str] = []
        while (name := name_at(len(names))) != NULL:
            names.append(ffi.string(name).decode())
        self.names = tuple(names)

    def index(self, name: object) -> int:
        """Give the number of a name, or say which names there are."""
        if not isinstance(name, str):
            raise UsageTypeError(
                f"{self._what} must be a name, got {type(name).__name__}"
            )
        if name not in self.names:
            raise UsageError(
                f"no {self._what} {name!r}; there are: {', '.join(self.names)}"
            )
        return self.names.index(name)


FORMATS = Names("format", lib.ff_format_name)
CODECS = Names("codec", lib.ff_codec_name)
SUITES = Names("suite", lib.ff_suite_name)


class FormatFacts(NamedTuple):
    """What the Python layer must know of a wire format."""

    number: int
    name: str
    growth: int
    growth_min: int
    prefix_len: int
    sends_nonce: bool
    has_key_flag: bool
    takes_aad: bool
    names_key: bool
    key_id_max: int
    counter_max: int


def format_facts(name: object) -> FormatFacts:
    """Look a wire format up by name."""
    number = FORMATS.index(name)
    facts = ffi.new("ff_format_facts *")
    _check(lib.ff_format_read(number, facts), "format")
    return FormatFacts(
        number,
        FORMATS.names[number],
        facts.growth,
        facts.growth_min,
        facts.prefix_len,
        bool(facts.sends_nonce),
        bool(facts.has_key_flag),
        bool(facts.takes_aad),
        bool(facts.names_key),
        facts.key_id_max,
        facts.counter_max,
    )


def suite_key_len(suite: int) -> int:
    """Give the key length of a suite in bytes."""
    return int(lib.ff_suite_key_len(suite))


def _check(error: int, what: str) -> None:
    if error:
        raise_error(error, what)


class KeyMaterial:
    """An ff_key over borrowed bytes; lives no longer than the call it is for."""

    __slots__ = ("_pins", "handle", "suite")

    def __init__(self, suite: int, key: Handle, key_id: int, salt: bytes) -> None:
        """Describe a pinned key and its salt (NONCE_LEN bytes)."""
        self.suite = suite
        self.handle = ffi.new("ff_key *")
        self._pins = (key, ffi.from_buffer(salt))
        self.handle.id = key_id
        self.handle.key = ffi.cast("uint8_t *", key)
        self.handle.key_len = len(key)
        self.handle.salt = ffi.cast("uint8_t *", self._pins[1])


def _range(first: int, last: int) -> Handle:
    return ffi.new("ff_range *", {"first": first, "last": last})


def new_sealer(format_: int, material: KeyMaterial, first: int, last: int) -> Handle:
    """Make an ff_sealer that frees itself; counters first to last are its own."""
    out = ffi.new("ff_sealer **")
    error = lib.ff_sealer_new(
        out, format_, material.suite, material.handle, _range(first, last)
    )
    _check(error, "sealer")
    return ffi.gc(out[0], lib.ff_sealer_free)


def rekey_sealer(sealer: Handle, material: KeyMaterial, first: int, last: int) -> None:
    """Put a new key in use for the next frame."""
    error = lib.ff_sealer_rekey(
        sealer, material.suite, material.handle, _range(first, last)
    )
    _check(error, "sealer")


def grant_sealer(sealer: Handle, last: int) -> None:
    """Move the last usable counter up."""
    _check(lib.ff_sealer_grant(sealer, last), "sealer")


def read_sealer(sealer: Handle) -> Handle:
    """Read an ff_sealer_facts."""
    facts = ffi.new("ff_sealer_facts *")
    _check(lib.ff_sealer_read(sealer, facts), "sealer")
    return facts


def close_sealer(sealer: Handle) -> None:
    """Wipe the key; the memory goes when the handle is collected."""
    lib.ff_sealer_close(sealer)


def seal_many(sealers: list[Handle], batch: Handle, in_place: int) -> int:
    """Seal a batch by source: frames sealed, or a negated ff_error."""
    members = ffi.new("ff_sealer *[]", sealers)
    return int(lib.ff_seal_many(members, len(sealers), batch, in_place))


def new_opener(format_: int, salt: bytes | None, window: int) -> Handle:
    """Make an ff_opener that frees itself; salt is NONCE_LEN bytes or None."""
    out = ffi.new("ff_opener **")
    error = lib.ff_opener_new(out, format_, NULL if salt is None else salt, window)
    _check(error, "opener")
    return ffi.gc(out[0], lib.ff_opener_free)


def set_opener_key(opener: Handle, material: KeyMaterial) -> None:
    """Fill a key slot."""
    _check(
        lib.ff_opener_set_key(opener, material.suite, material.handle),
        f"key id {material.handle.id}",
    )


def drop_opener_key(opener: Handle, key_id: int) -> bool:
    """Wipe a key slot; False if there is none."""
    error = lib.ff_opener_drop_key(opener, key_id)
    if error == lib.FF_NO_SUCH_KEY:
        return False
    _check(error, "opener")
    return True


def read_opener(opener: Handle) -> tuple[Handle, list[Handle]]:
    """Read an ff_opener_facts and the ff_slot_facts of each key."""
    facts = ffi.new("ff_opener_facts *")
    room = 0
    while True:
        slots = ffi.new("ff_slot_facts[]", room)
        _check(lib.ff_opener_read(opener, facts, slots, room), "opener")
        if facts.num_slots <= room:
            return facts, [slots[i] for i in range(facts.num_slots)]
        room = facts.num_slots  # keys may come while we ask: ask again


def close_opener(opener: Handle) -> None:
    """Wipe all keys; the memory goes when the handle is collected."""
    lib.ff_opener_close(opener)


def open_many(openers: list[Handle], batch: Handle, in_place: int) -> int:
    """Open a batch by source: frames opened, or a negated ff_error."""
    members = ffi.new("ff_opener *[]", openers)
    return int(lib.ff_open_many(members, len(openers), batch, in_place))


class Tables:
    """The memory of one ff_batch, pinned once, with views for Python.

    Frames stand in the bytearray arena, or (arena None) wherever gather()
    says. Results go to the bytearray out, of out_size bytes.
    """

    __slots__ = (
        "_arrays",
        "_results",
        "counters",
        "handle",
        "key_ids",
        "out_ats",
        "out_lens",
        "statuses",
    )

    _FIELDS = (
        ("in_at", "uint64_t[]"),
        ("in_len", "uint32_t[]"),
        ("aad_at", "uint64_t[]"),
        ("aad_len", "uint32_t[]"),
        ("out_at", "uint64_t[]"),
        ("out_len", "uint32_t[]"),
        ("key_frame", "uint8_t[]"),
        ("source", "uint16_t[]"),
        ("counter", "uint64_t[]"),
        ("key_id", "uint64_t[]"),
        ("status", "uint8_t[]"),
    )

    def __init__(self, capacity: int, arena: bytearray | None, out_size: int) -> None:
        """Allocate tables for capacity frames and the arena for results."""
        self.handle = ffi.new("ff_batch *")
        self.handle.capacity = capacity
        self._arrays = {}
        for field, kind in self._FIELDS:
            array = ffi.new(kind, max(capacity, 1))
            setattr(self.handle, field, array)
            self._arrays[field] = array
        out = bytearray(out_size)
        self._attach("out", out)
        # Where results stand: in the arena out, or (in place) in the input.
        self._results = [memoryview(out)]
        if arena is not None:
            self._attach("in", arena)
            self._results.append(memoryview(arena))
        self.statuses = self._view("status", "B")
        self.counters = self._view("counter", "Q")
        self.key_ids = self._view("key_id", "Q")
        self.out_ats = self._view("out_at", "Q")
        self.out_lens = self._view("out_len", "I")

    def _attach(self, field: str, memory: bytearray) -> None:
        pinned = ffi.from_buffer("uint8_t[]", memory, require_writable=True)
        self._arrays[field] = pinned
        setattr(self.handle, field, pinned)
        setattr(self.handle, f"{field}_size", len(memory))

    def _view(self, field: str, code: str) -> memoryview:
        return memoryview(ffi.buffer(self._arrays[field])).cast("B").cast(code)

    def result(self, index: int) -> memoryview:
        """Give the bytes of one result, empty if the frame was rejected."""
        at = self.out_ats[index]
        return self._results[self.handle.in_place][at : at + self.out_lens[index]]

    def gather(self, frames: list[Handle], kinds: bytes) -> None:
        """Point at pinned frames, one pointer, length and ff_key_frame each."""
        count = len(frames)
        self.handle.in_ptr = self._point("in", frames)
        self.handle.aad_len = NULL
        ffi.memmove(self._arrays["key_frame"], kinds, count)
        self.handle.count = count

    def gather_aad(self, aads: list[Handle]) -> None:
        """Point at pinned caller bytes, one for each frame."""
        self.handle.aad_ptr = self._point("aad", aads)
        self.handle.aad_len = self._arrays["aad_len"]

    def _point(self, field: str, pins: list[Handle]) -> Handle:
        pointers = ffi.new("uint8_t *[]", pins)
        self._arrays[f"{field}_ptr"] = pointers
        self._arrays[f"{field}_pins"] = pins
        try:
            self._arrays[f"{field}_len"][0 : len(pins)] = map(len, pins)
        except OverflowError:
            raise_error(lib.FF_BAD_LENGTH, "batch")
        return pointers

    def release(self) -> None:
        """Let go of the caller's buffers once the call is over."""
        self._arrays.pop("in_pins", None)
        self._arrays.pop("aad_pins", None)


def limit_arena(tables: Tables, limit: int) -> None:
    """Set how many bytes of frames and aad the arena may take."""
    tables.handle.in_limit = limit


batch_reserve: Callable[..., int] = lib.ff_batch_reserve
batch_append: Callable[..., int] = lib.ff_batch_append
batch_clear: Callable[[Handle], int] = lib.ff_batch_clear


def inspect(format_: int, sealed: Buffer) -> tuple[Handle, int]:
    """Read an ff_claim of one sealed frame, and the ff_status of reading it."""
    claim = ffi.new("ff_claim *")
    pinned = pin_to_read(sealed, "sealed")
    return claim, lib.ff_inspect(format_, claim, pinned, len(pinned))


def nonce_of(claim: Handle) -> bytes:
    """Give the nonce that a claim carries."""
    return bytes(ffi.buffer(claim.nonce))


def core_version() -> str:
    """Give the version compiled into the extension."""
    return str(ffi.string(lib.ff_version()).decode())


class OpensslFacts(NamedTuple):
    """What the core knows of the libcrypto it runs on."""

    version: str
    built_with: str
    cpu: str
    is_static: bool
    has_vaes: int


def openssl_facts() -> OpensslFacts:
    """Ask the core which libcrypto is in use."""
    cpu = lib.ff_openssl_cpu()
    return OpensslFacts(
        ffi.string(lib.ff_openssl_version()).decode(),
        ffi.string(lib.ff_openssl_built_with()).decode(),
        "" if cpu == NULL else ffi.string(cpu).decode(),
        bool(lib.ff_openssl_is_static()),
        int(lib.ff_openssl_has_vaes()),
    )
