"""Wallets: published vectors, real lists where they are at hand, and hostile text."""

from __future__ import annotations

import csv
from pathlib import Path

import base58
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.wallet import parse_wallet

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/crypto/ofac/sanctioned_addresses.csv"
CHAIN_OF_ASSET = {"ETH": "ETH", "ETC": "ETH", "XBT": "BTC", "USDT": None}

ERC_55 = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
BIP_350 = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
    "bc1sw50qgdz25j",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
]
BIP_350_INVALID = [
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",  # bech32, not bech32m
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",  # version 0 with bech32m
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # a sign outside the set
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",  # version 17
    "bc1pw5dgrnzv",  # a program of one byte
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",  # 41 bytes
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",  # version 0 of 16 bytes
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",  # padding of over 4 bits
    "bc1gmk9yu",  # nothing inside
]


@pytest.mark.parametrize("address", ERC_55)
def test_an_ethereum_address_gets_its_capitals(address: str) -> None:
    """Small, capital and checksummed writing is one wallet (vectors of ERC-55)."""
    digits = address[2:]
    for written in (address, f"0x{digits.lower()}", f"0x{digits.upper()}", f"0X{digits.upper()}"):
        assert parse_wallet(written) == f"ETH:{address}"


def test_a_wrong_capital_is_a_wrong_checksum() -> None:
    """Mixed letters claim a checksum, so they must keep it."""
    with pytest.raises(Refused) as refusal:
        parse_wallet(ERC_55[0][:-1] + "D")
    assert refusal.value.code == "wallet_checksum"


@pytest.mark.parametrize("address", BIP_350)
def test_a_segwit_address_is_written_small(address: str) -> None:
    """Versions 0 to 16, taproot among them, each with its own checksum (vectors of BIP 350)."""
    assert parse_wallet(address) == f"BTC:{address}"
    assert parse_wallet(address.upper()) == f"BTC:{address}"


@pytest.mark.parametrize("address", BIP_350_INVALID)
def test_a_bad_segwit_address_is_refused(address: str) -> None:
    """The invalid vectors of BIP 350 for the main network are refused."""
    with pytest.raises(Refused) as refusal:
        parse_wallet(address)
    assert refusal.value.code in {"wallet_checksum", "wallet_unknown"}


def test_mixed_letters_are_no_segwit_address() -> None:
    """Bech32 is small or capital, never both."""
    with pytest.raises(Refused):
        parse_wallet("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "BTC:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "BTC:3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TRON:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        ("tron:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TRON:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        (
            "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2?amount=1",
            "BTC:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        ),
        (f"ethereum:{ERC_55[0]}@1?value=1", f"ETH:{ERC_55[0]}"),
        (f" \u200b{ERC_55[0]} ", f"ETH:{ERC_55[0]}"),
    ],
)
def test_a_wallet_has_one_canonical_text(text: str, canonical: str) -> None:
    """The chain stands before the address, whatever a payment link adds."""
    assert parse_wallet(text) == canonical
    assert parse_wallet(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        ("0x" + "1" * 39, "wallet_unknown"),
        ("0x" + "1" * 41, "wallet_unknown"),
        ("0x" + "๑" * 40, "wallet_unknown"),
        ("1" * 40, "wallet_unknown"),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "wallet_checksum"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", "wallet_checksum"),
        ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "wallet_unknown"),
        ("XRP:rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "wallet_unknown"),
        (f"TRON:{ERC_55[0]}", "wallet_chain_mismatch"),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "wallet_test_network"),
        ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "wallet_test_network"),
        (ERC_55[0] + "\0", "text_control_character"),
        (ERC_55[0] + "\n" + ERC_55[1], "text_control_character"),
        (ERC_55[0] + " " + ERC_55[1], "wallet_unknown"),
        ("bc1" + "q" * 300, "text_too_long"),
        ("bc1" + "q" * 100, "wallet_checksum"),
    ],
)
def test_what_is_no_wallet_is_refused(text: str, code: str) -> None:
    """Wrong lengths, checksums, chains and networks have each their own code."""
    with pytest.raises(Refused) as refusal:
        parse_wallet(text)
    assert refusal.value.code == code
    assert str(refusal.value)


@pytest.mark.parametrize("version", [b"\x00" * 2, b"\x30", b"\x41\x00"])
def test_a_good_checksum_over_something_else_is_refused(version: bytes) -> None:
    """Base58 of another chain, or of another length, is no address although its sum holds."""
    text = base58.b58encode_check(version + b"\x07" * 20).decode()
    with pytest.raises(Refused) as refusal:
        parse_wallet(text)
    assert refusal.value.code == "wallet_unknown"


@given(st.binary(min_size=20, max_size=20), st.sampled_from([b"\x00", b"\x05", b"\x41"]))
@example(b"\x0bO" + b"\x00" * 18, b"\x41")  # of TRON, and begins as a test network of Bitcoin does
def test_every_base58_address_is_read(payload: bytes, version: bytes) -> None:
    """All payloads of Bitcoin and TRON come back as they are, and a changed sign is found."""
    address = base58.b58encode_check(version + payload).decode()
    chain = "TRON" if version == b"\x41" else "BTC"
    assert parse_wallet(address) == f"{chain}:{address}"
    changed = address[:-1] + ("1" if address[-1] != "1" else "2")
    with pytest.raises(Refused):
        parse_wallet(changed)


@given(st.text(max_size=60) | st.text("0xT13bcqETH:fF@?", max_size=60))
def test_any_text_is_a_wallet_or_refused(text: str) -> None:
    """Nothing from outside raises anything but a refusal."""
    try:
        canonical = parse_wallet(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert parse_wallet(canonical) == canonical


@pytest.mark.skipif(not SHARED.exists(), reason="the shared test data is not beside the checkout")
def test_every_listed_wallet_of_a_known_chain_is_read() -> None:
    """No address of a real sanctions list is refused where its chain is one of ours."""
    with SHARED.open(encoding="utf-8", newline="") as lines:
        listed = [row for row in csv.DictReader(lines) if CHAIN_OF_ASSET.get(row["asset"])]
    assert len(listed) > 400
    for row in listed:
        chain, _, address = parse_wallet(row["address"]).partition(":")
        assert chain == CHAIN_OF_ASSET[row["asset"]]
        assert address.lower() == row["address"].lower()
