"""The oblivious function: the vectors of RFC 9497, and what nobody may be able to do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.blind import (
    Mode,
    blind,
    blind_evaluate,
    derive_key,
    finalize,
    output,
    prove,
    public_key,
    scalar_of,
    verify,
)

SEED = bytes([0xA3]) * 32
BASE_KEY = bytes.fromhex("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e")
KEY = bytes.fromhex("e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909")
PUBLIC = bytes.fromhex("c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e")
SCALAR = bytes.fromhex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706")
SECOND_SCALAR = bytes.fromhex("222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e")
THIRD_SCALAR = bytes.fromhex("419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c")
SHORT, LONG = b"\x00", b"\x5a" * 17


@dataclass(frozen=True)
class Vector:
    """One value of RFC 9497, appendix A.1."""

    value: bytes
    scalar: bytes
    blinded: bytes
    evaluated: bytes
    output: bytes


def _vector(value: bytes, scalar: bytes, *hexes: str) -> Vector:
    return Vector(value, scalar, *map(bytes.fromhex, hexes))


A_1_1 = [
    _vector(
        SHORT,
        SCALAR,
        "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
        "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e",
        "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"
        "ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
    ),
    _vector(
        LONG,
        SCALAR,
        "da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
        "b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
        "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4"
        "f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73",
    ),
]
_SHORT_OUTPUT = (
    "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
    "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"
)
_LONG_OUTPUT = (
    "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60"
    "356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6"
)
A_1_2_SHORT = _vector(
    SHORT,
    SCALAR,
    "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
    "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
    _SHORT_OUTPUT,
)
A_1_2_LONG = _vector(
    LONG,
    SCALAR,
    "cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c",
    "60a59a57208d48aca71e9e850d22674b611f752bed48b36f7a91b372bd7ad468",
    _LONG_OUTPUT,
)
A_1_2_SECOND = _vector(
    LONG,
    SECOND_SCALAR,
    "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
    "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
    _LONG_OUTPUT,
)
PROOFS = [
    (
        [A_1_2_SHORT],
        SECOND_SCALAR,
        "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd06"
        "6d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d",
    ),
    (
        [A_1_2_LONG],
        SECOND_SCALAR,
        "401a0da6264f8cf45bb2f5264bc31e109155600babb3cd4e5af7d181a2c9dc0a"
        "67154fabf031fd936051dec80b0b6ae29c9503493dde7393b722eafdf5a50b02",
    ),
    (
        [A_1_2_SHORT, A_1_2_SECOND],
        THIRD_SCALAR,
        "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a"
        "5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d567aeed6ab873dee08",
    ),
]


def test_keys_are_derived_as_in_the_appendix() -> None:
    """A seed and a name give the key pair that the RFC prints, another one in each mode."""
    assert derive_key(SEED, b"test key", Mode.BASE) == BASE_KEY
    assert derive_key(SEED, b"test key") == KEY
    assert public_key(KEY) == PUBLIC


@pytest.mark.parametrize(
    ("key", "mode", "vector"),
    [(BASE_KEY, Mode.BASE, vector) for vector in A_1_1]
    + [(KEY, Mode.VERIFIABLE, vector) for vector in (A_1_2_SHORT, A_1_2_LONG, A_1_2_SECOND)],
)
def test_every_step_is_that_of_the_appendix(key: bytes, mode: Mode, vector: Vector) -> None:
    """Blinded element, answer and output are those of A.1.1 and A.1.2."""
    assert blind(vector.value, vector.scalar, mode) == vector.blinded
    assert blind_evaluate(key, vector.blinded) == vector.evaluated
    assert finalize(vector.value, vector.scalar, vector.evaluated) == vector.output
    assert output(key, vector.value, mode) == vector.output


@pytest.mark.parametrize(("vectors", "nonce", "expected"), PROOFS)
def test_proofs_are_those_of_the_appendix(
    vectors: list[Vector], nonce: bytes, expected: str
) -> None:
    """Proofs of A.1.2 come out to the byte, verify, and fit no other key, question or answer."""
    blinded = [vector.blinded for vector in vectors]
    evaluated = [vector.evaluated for vector in vectors]
    proof = prove(KEY, blinded, evaluated, lambda count: nonce.ljust(count, b"\0"))
    assert proof.hex() == expected
    assert verify(PUBLIC, blinded, evaluated, proof)
    assert not verify(public_key(BASE_KEY), blinded, evaluated, proof)
    assert not verify(PUBLIC, evaluated, blinded, proof)
    assert not verify(PUBLIC, blinded, evaluated, proof[::-1])
    assert not verify(PUBLIC, blinded, evaluated, proof[:-1])
    assert not verify(PUBLIC, [], [], proof)


@given(st.binary(max_size=60), st.binary(min_size=64, max_size=64))
def test_asking_blind_gives_what_the_holder_of_the_key_finds(value: bytes, wide: bytes) -> None:
    """Whatever the value and the scalar, both ways lead to one output."""
    scalar = scalar_of(wide)
    if not any(scalar):
        return
    assert finalize(value, scalar, blind_evaluate(KEY, blind(value, scalar))) == output(KEY, value)


def test_an_answer_by_another_key_is_told() -> None:
    """A server that marks an asker with a key of its own cannot prove that it did not."""
    other = derive_key(bytes(32), b"for this asker alone")
    asked = blind(b"phone:+66812345678", SCALAR)
    answer = blind_evaluate(other, asked)
    proof = prove(other, [asked], [answer], lambda count: b"\x07" * count)
    assert not verify(PUBLIC, [asked], [answer], proof)


@pytest.mark.parametrize(
    "element",
    [b"", bytes(32), b"\xff" * 32, SCALAR[:-1], b"\x01" + bytes(31)],
    ids=["empty", "identity", "beyond the field", "short", "odd"],
)
def test_what_is_no_element_is_refused(element: bytes) -> None:
    """Only elements of the group are answered; the identity stands for no question."""
    with pytest.raises(Refused) as refused:
        blind_evaluate(KEY, element)
    assert refused.value.code == "blind_element"


@pytest.mark.parametrize("scalar", [b"", bytes(32), b"\xff" * 32])
def test_what_is_no_scalar_is_refused(scalar: bytes) -> None:
    """Nought blinds nothing, and each scalar has one text only."""
    with pytest.raises(Refused) as refused:
        blind(b"x", scalar)
    assert refused.value.code == "blind_scalar"


def test_a_value_without_bound_is_refused() -> None:
    """A value that has no length of two bytes is told so."""
    with pytest.raises(Refused) as refused:
        output(KEY, bytes(65_536))
    assert refused.value.code == "blind_value_long"
