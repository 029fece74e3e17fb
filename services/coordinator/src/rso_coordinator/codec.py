"""Everything that crosses Temporal is sealed: payloads by the codec, failure messages by the failure converter that uses it."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

ENCODING = b"binary/encrypted"
NONCE = 12


class SealingCodec(PayloadCodec):
    """AES-256-GCM. A ring of keys by id, so that keys can be rotated while old histories stay readable; the first one seals."""

    def __init__(self, ring: Sequence[tuple[str, bytes]]) -> None:
        self._current = ring[0][0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in ring}

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE)
        key_id = self._current
        sealed = self._ciphers[key_id].encrypt(nonce, payload.SerializeToString(), key_id.encode())
        return Payload(metadata={"encoding": ENCODING, "key": key_id.encode()}, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata["key"].decode()
        plain = self._ciphers[key_id].decrypt(payload.data[:NONCE], payload.data[NONCE:], key_id.encode())
        return Payload.FromString(plain)


def derived_key(master: bytes, key_id: str) -> bytes:
    """The codec's own key, so that the master key itself seals nothing."""
    return HKDF(SHA256(), 32, None, f"temporal/{key_id}".encode()).derive(master)


def converter(master: bytes) -> DataConverter:
    codec = SealingCodec([("k1", derived_key(master, "k1"))])
    return replace(
        DataConverter.default, payload_codec=codec, failure_converter_class=DefaultFailureConverterWithEncodedAttributes
    )
