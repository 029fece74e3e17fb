"""What crosses Temporal is sealed: payloads by a ring of keys, and the messages of failures too."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from rso_coordinator.codec import ENCODING, SealingCodec, converter, derived_key

MASTER = bytes(range(32))
OLD, NEW = ("k1", derived_key(MASTER, "k1")), ("k2", derived_key(MASTER, "k2"))
NAME = "Beatrix Quimby"


def sealed(codec: SealingCodec, payloads: Sequence[Payload]) -> list[Payload]:
    return asyncio.run(codec.encode(payloads))


def opened(codec: SealingCodec, payloads: Sequence[Payload]) -> list[Payload]:
    return asyncio.run(codec.decode(payloads))


@given(st.lists(st.builds(lambda data: Payload(metadata={"encoding": b"json/plain"}, data=data), st.binary())))
def test_what_is_sealed_opens_again(payloads):
    codec = SealingCodec([OLD])
    assert opened(codec, sealed(codec, payloads)) == payloads


def test_nothing_of_the_content_shows_and_no_two_look_alike():
    plain = Payload(metadata={"encoding": b"json/plain"}, data=NAME.encode())
    first, second = sealed(SealingCodec([OLD]), [plain, plain])
    assert first.metadata["encoding"] == ENCODING
    assert NAME.encode() not in first.SerializeToString()
    assert first.data != second.data


def test_after_a_rotation_old_histories_open_and_new_ones_are_under_the_new_key():
    plain = Payload(data=b"x")
    before = sealed(SealingCodec([OLD]), [plain])
    rotated = SealingCodec([NEW, OLD])
    after = sealed(rotated, [plain])
    assert after[0].metadata["key"] == b"k2"
    assert opened(rotated, [*before, *after]) == [plain, plain]


def test_without_the_old_key_an_old_history_stays_shut():
    before = sealed(SealingCodec([OLD]), [Payload(data=b"x")])
    with pytest.raises(KeyError):
        opened(SealingCodec([NEW]), before)


def test_a_changed_byte_or_a_swapped_key_id_is_noticed():
    payload = sealed(SealingCodec([OLD]), [Payload(data=b"x")])[0]
    broken = Payload(metadata=payload.metadata, data=payload.data[:-1] + bytes([payload.data[-1] ^ 1]))
    with pytest.raises(InvalidTag):
        opened(SealingCodec([OLD]), [broken])
    swapped = Payload(metadata={**payload.metadata, "key": b"k2"}, data=payload.data)
    with pytest.raises(InvalidTag):
        opened(SealingCodec([OLD, ("k2", OLD[1])]), [swapped])


def test_what_was_never_sealed_passes():
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    assert opened(SealingCodec([OLD]), [plain]) == [plain]


def test_a_failure_never_carries_a_name_and_its_message_can_still_be_read_with_the_key():
    data_converter = converter(MASTER)
    failure, raised = Failure(), ApplicationError(f"no such person: {NAME}", NAME, type="lookup")
    raised.__cause__ = ValueError(NAME)
    asyncio.run(data_converter.encode_failure(raised, failure))
    assert NAME.encode() not in failure.SerializeToString()
    assert NAME not in str(failure)
    back = asyncio.run(data_converter.decode_failure(failure))
    assert NAME in str(back)


def test_the_derived_key_is_not_the_master_key_and_differs_by_id():
    assert len({MASTER, OLD[1], NEW[1]}) == 3
    assert derived_key(MASTER, "k1") == OLD[1]


def test_the_converter_is_the_default_one_with_both_seals():
    plain = replace(converter(MASTER), payload_codec=None)
    assert plain.payload_converter.from_payloads(plain.payload_converter.to_payloads([{"a": 1}])) == [{"a": 1}]
