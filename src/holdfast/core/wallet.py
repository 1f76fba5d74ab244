"""Wallets: `ETH:0x…` checksummed, `TRON:T…`, `BTC:…`.

An Ethereum address is the same on every chain built like it (BNB, Polygon, …), and an old
Bitcoin address on its forks; the key names the chain that defines the form, not the one a
payment took.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from holdfast.core.errors import Refused
from holdfast.core.plain import plain
from holdfast.core.words import N_

WALLET_LENGTH_MAX = 200

_BECH32_V0 = 1  # checksum constant of witness version 0 (BIP 173)
_BECH32M = 0x2BC830A3  # of the later ones, taproot among them (BIP 350)
_SEGWIT = re.compile(r"(?:bc|tb|bcrt)1", re.IGNORECASE)
_PREFIXES = {
    "BITCOIN": "BTC",
    "BTC": "BTC",
    "ETH": "ETH",
    "ETHEREUM": "ETH",
    "TRON": "TRON",
    "TRX": "TRON",
}


def parse_wallet(text: str) -> str:
    """Return the canonical text of a wallet, its checksum verified.

    A bare address says by its form which chain it is of; a prefix (`ETH:`, `bitcoin:`) must
    agree with it. What a payment link adds behind `?` or `@` is left out.

    Raises:
        Refused: `wallet_unknown`, `wallet_checksum`, `wallet_test_network`,
            `wallet_chain_mismatch`, or those of `plain`.
    """
    found = re.fullmatch(
        r"(?:([A-Za-z]{2,10}):)?([0-9A-Za-z]+)(?:[?@].*)?", plain(text, WALLET_LENGTH_MAX)
    )
    if found is None:
        raise _unknown(text)
    prefix, address = found[1], found[2]
    chain = _chain_of(address)
    if chain is None or (prefix and prefix.upper() not in _PREFIXES):
        raise _unknown(text)
    if prefix and _PREFIXES[prefix.upper()] != chain:
        raise Refused(
            "wallet_chain_mismatch",
            N_("{value!r} has the form of an address of {chain}; write it as {chain}:…"),
            value=text[:40],
            chain=chain,
        )
    return f"{chain}:{_READERS[chain](address)}"


def _chain_of(address: str) -> str | None:
    """Tell the chain by the form alone; None is none of those known."""
    if re.match(r"0[xX]", address):
        return "ETH"
    is_tron = re.fullmatch(r"T[1-9A-HJ-NP-Za-km-z]{33}", address) is not None
    # TB1 begins addresses of a test network as well, but those never mix their letters' case.
    if is_tron and not address.isupper():
        return "TRON"
    if _SEGWIT.match(address) or re.fullmatch(r"[13mn2][1-9A-HJ-NP-Za-km-z]{24,34}", address):
        return "BTC"
    return "TRON" if is_tron else None


def _ethereum(address: str) -> str:
    """Write an Ethereum address with the capitals of ERC-55, which are its checksum."""
    digits = address[2:]
    if re.fullmatch(r"[0-9A-Fa-f]{40}", digits) is None:
        raise Refused(
            "wallet_unknown",
            N_("{value!r} is not an Ethereum address; 0x and 40 hexadecimal digits are"),
            value=address[:40],
        )
    from Crypto.Hash import keccak

    small = digits.lower()
    digest = keccak.new(digest_bits=256, data=small.encode()).hexdigest()
    right = "".join(
        sign.upper() if int(nibble, 16) >= 8 else sign
        for sign, nibble in zip(small, digest, strict=False)
    )
    if digits not in {small, small.upper(), right}:
        raise _checksum(address)
    return f"0x{right}"


def _tron(address: str) -> str:
    if _base58_payload(address)[:1] != b"\x41":
        raise _unknown(address)
    return address


def _bitcoin(address: str) -> str:
    if _SEGWIT.match(address):
        return _segwit(address)
    payload = _base58_payload(address)
    if payload[0] in {0x6F, 0xC4}:
        raise _test_network(address)
    if payload[0] not in {0x00, 0x05}:
        raise _unknown(address)
    return address


def _base58_payload(address: str) -> bytes:
    """Return the version byte and what follows it, without the four bytes of checksum."""
    import base58

    try:
        payload = bytes(base58.b58decode_check(address))
    except ValueError:
        raise _checksum(address) from None
    if len(payload) != 21:
        raise _unknown(address)
    return payload


def _segwit(address: str) -> str:
    """Check a segregated-witness address: bech32 for version 0, bech32m for 1 to 16."""
    import bech32

    human, _, data = address.lower().rpartition("1")
    if human in {"tb", "bcrt"}:
        raise _test_network(address)
    if address not in {address.lower(), address.upper()} or len(address) > 90:
        raise _checksum(address)
    values = [bech32.CHARSET.find(sign) for sign in data]
    if human != "bc" or len(values) < 8 or -1 in values:
        raise _unknown(address)
    version = values[0]
    residue = bech32.bech32_polymod(bech32.bech32_hrp_expand(human) + values)
    if residue != (_BECH32M if version else _BECH32_V0):
        raise _checksum(address)
    program = bech32.convertbits(values[1:-6], 5, 8, pad=False)
    lengths = range(2, 41) if version else (20, 32)
    if version > 16 or program is None or len(program) not in lengths:
        raise _unknown(address)
    return address.lower()


_READERS: Mapping[str, Callable[[str], str]] = {
    "BTC": _bitcoin,
    "ETH": _ethereum,
    "TRON": _tron,
}


def _unknown(text: str) -> Refused:
    return Refused(
        "wallet_unknown",
        N_(
            "{value!r} is not an address of Ethereum (0x…), TRON (T…) or Bitcoin (1…, 3…, bc1…), "
            "whole and without blanks"
        ),
        value=text[:40],
    )


def _checksum(address: str) -> Refused:
    return Refused(
        "wallet_checksum",
        N_("the checksum of {value!r} does not hold; copy the address whole, its capitals too"),
        value=address[:40],
    )


def _test_network(address: str) -> Refused:
    return Refused(
        "wallet_test_network",
        N_("{value!r} is an address of a test network, where no money moves"),
        value=address[:40],
    )
