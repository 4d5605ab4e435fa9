# The compiled module's face for type checkers; a test holds it to the header.
# Objects of C are opaque to Python's type system, hence Any.

from typing import Any

class _Lib:
    FF_TAG_LEN: int
    FF_NONCE_LEN: int
    FF_KEY_MAX: int
    FF_FRAME_MAX: int
    FF_SEALED_MAX: int
    FF_BATCH_MAX: int
    FF_SOURCES_MAX: int
    FF_WORKERS_MAX: int
    FF_SLOTS_MAX: int
    FF_WINDOW_MAX: int
    FF_RATCHET_MAX: int
    FF_SPARE: int
    FF_HEADROOM: int
    FF_TAILROOM: int
    FF_RESEALS_MAX: int
    FF_FRAME_ROOM: int
    FF_OK: int
    FF_MALFORMED: int
    FF_NOT_ENCRYPTED: int
    FF_UNSUPPORTED_VERSION: int
    FF_UNKNOWN_KEY: int
    FF_AUTH_FAILED: int
    FF_REPLAYED: int
    FF_TOO_OLD: int
    FF_NO_ROOM: int
    FF_KEY_EXHAUSTED: int
    FF_INTERNAL: int
    FF_NOT_RUN: int
    FF_DONE: int
    FF_BAD_ARGUMENT: int
    FF_BAD_LENGTH: int
    FF_BAD_SPAN: int
    FF_BAD_OVERLAP: int
    FF_BAD_SOURCE: int
    FF_BAD_AAD: int
    FF_BAD_KEY_ID: int
    FF_BATCH_BUSY: int
    FF_BATCH_FULL: int
    FF_BATCH_SPENT: int
    FF_CLOSED: int
    FF_FORKED: int
    FF_RESERVE_FIRST: int
    FF_NO_SUCH_KEY: int
    FF_BAD_CODEC: int
    FF_NO_RATCHET: int
    FF_LIB_MEMORY: int
    FF_LIB_CRYPTO: int
    FF_DELTA: int
    FF_KEY: int
    FF_EITHER: int
    FF_SHA256: int
    FF_SHA512: int
    def ff_sealer_size(self) -> int: ...
    def ff_sealer_init(
        self, sealer: Any, settings: Any, key: Any, range_: Any
    ) -> int: ...
    def ff_sealer_rekey(self, sealer: Any, key: Any, range_: Any) -> int: ...
    def ff_sealer_ratchet(self, sealer: Any) -> int: ...
    def ff_sealer_grant(self, sealer: Any, mark: int, last: int) -> int: ...
    def ff_sealer_need(self, sealer: Any, frames: int) -> int: ...
    def ff_seal_one(
        self,
        sealer: Any,
        out: Any,
        out_cap: int,
        frame: Any,
        frame_len: int,
        key_frame: int,
        extra: Any,
    ) -> int: ...
    def ff_sealer_read(self, sealer: Any, out: Any) -> int: ...
    def ff_sealer_close(self, sealer: Any) -> None: ...
    def ff_opener_size(self) -> int: ...
    def ff_opener_init(self, opener: Any, settings: Any) -> int: ...
    def ff_opener_set_key(self, opener: Any, key: Any) -> int: ...
    def ff_opener_drop_key(self, opener: Any, key_id: int) -> int: ...
    def ff_opener_allow(self, opener: Any, steps: int) -> int: ...
    def ff_open_one(
        self,
        opener: Any,
        out: Any,
        out_cap: int,
        sealed: Any,
        sealed_len: int,
        key_frame: int,
        extra: Any,
    ) -> int: ...
    def ff_opener_read(
        self, opener: Any, out: Any, out_slots: Any, max_slots: int
    ) -> int: ...
    def ff_opener_close(self, opener: Any) -> None: ...
    def ff_format_name(self, format_: int) -> Any: ...
    def ff_codec_name(self, codec: int) -> Any: ...
    def ff_suite_name(self, suite: int) -> Any: ...
    def ff_schedule_name(self, schedule: int) -> Any: ...
    def ff_suite_key_len(self, suite: int) -> int: ...
    def ff_suite_tag_len(self, suite: int) -> int: ...
    def ff_schedule_lens(
        self, schedule: int, suite: int, out_least: Any, out_most: Any
    ) -> int: ...
    def ff_format_read(self, format_: int, codec: int, out: Any) -> int: ...
    def ff_inspect(
        self, settings: Any, tag_len: int, out: Any, sealed: Any, sealed_len: int
    ) -> int: ...
    def ff_hkdf_extract(self, out: Any, hash_: int, salt: Any, secret: Any) -> int: ...
    def ff_hkdf_expand(
        self, out: Any, out_len: int, hash_: int, key: Any, info: Any
    ) -> int: ...
    def ff_hkdf(
        self, out: Any, out_len: int, hash_: int, secret: Any, salt: Any, info: Any
    ) -> int: ...
    def ff_pbkdf2(
        self, out: Any, out_len: int, password: Any, salt: Any, iterations: int
    ) -> int: ...
    def ff_status_name(self, status: int) -> Any: ...
    def ff_status_text(self, status: int) -> Any: ...
    def ff_version(self) -> Any: ...
    def ff_openssl_version(self) -> Any: ...
    def ff_openssl_built_with(self) -> Any: ...
    def ff_openssl_cpu(self) -> Any: ...
    def ff_openssl_is_static(self) -> int: ...
    def ff_openssl_has_vaes(self) -> int: ...
    def ff_seal_batch(
        self, sealer: Any, batch: Any, in_place: int, workers: int
    ) -> int: ...
    def ff_seal_many(
        self, sealers: Any, num_sealers: int, batch: Any, in_place: int, workers: int
    ) -> int: ...
    def ff_open_batch(
        self, opener: Any, batch: Any, in_place: int, workers: int
    ) -> int: ...
    def ff_open_many(
        self, openers: Any, num_openers: int, batch: Any, in_place: int, workers: int
    ) -> int: ...
    def ff_batch_tables_size(self, capacity: int) -> int: ...
    def ff_batch_init(
        self,
        batch: Any,
        tables: Any,
        capacity: int,
        out: Any,
        out_size: int,
        in_: Any,
        in_size: int,
        in_limit: int,
    ) -> int: ...
    def ff_batch_gather(
        self, batch: Any, frames: Any, lens: Any, count: int, key_frame: int
    ) -> int: ...
    def ff_batch_gather_aad(self, batch: Any, aads: Any, lens: Any) -> int: ...
    def ff_objects_size(self, layout: Any, items: int, count: int) -> int: ...
    def ff_batch_gather_objects(
        self, batch: Any, layout: Any, items: int, count: int, key_frame: int
    ) -> int: ...
    def ff_batch_reserve(
        self, batch: Any, len_: int, key_frame: int, source: int, extra: Any
    ) -> int: ...
    def ff_batch_append(
        self, batch: Any, frame: Any, len_: int, key_frame: int, source: int, extra: Any
    ) -> int: ...
    def ff_batch_clear(self, batch: Any) -> int: ...

ffi: Any
lib: _Lib
