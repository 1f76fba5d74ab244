"""Files of the law that cannot be used: each refusal names its file and its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdfast.law
from holdfast.core.errors import HoldfastError
from holdfast.law.errors import LawError
from holdfast.law.law import BYTES_MAX, CATEGORIES, Law
from holdfast.law.tree import DEPTH_MAX, read_tree

SOURCED = """\
          source: An act
          source_ref: A book
          needs_review: true
"""
COUNTRY = f"""\
country: XX
name: Nowhere
timezone: Asia/Bangkok
bases:
  victim_report:
    title: A report
    rule:
        - value:
            scope: amount
            side: payee
            period_hours: 72
            counted_from: report
            extended_by: [police_order]
            renewals_max: 0
            provisional: false
            may_order: [bank]
            may_lift: [bank, centre]
          from: 2024-01-01
          to: 2024-12-31
{SOURCED}\
        - value:
            scope: account
            side: payee
            period_hours: 48
            counted_from: report
            extended_by: []
            renewals_max: 0
            provisional: false
            may_order: [bank]
            may_lift: [bank]
          from: 2025-01-01
          to: null
{SOURCED}\
    notices:
      told:
        - value: {{to: holder, event: placed, within_hours: 24, duty: law}}
          from: 2024-01-01
          to: null
{SOURCED}\
    reminders_hours:
        - value: [6, 24]
          from: 2024-01-01
          to: null
{SOURCED}\
  police_order:
    title: An order
    rule:
        - value:
            scope: account
            side: payee
            period_hours: null
            counted_from: order
            extended_by: []
            renewals_max: 0
            provisional: false
            may_order: [police]
            may_lift: [police, court]
          from: 2024-01-01
          to: null
          note: Until it is lifted.
{SOURCED}\
scam_types:
  goods:
        - value: {{position: 1, names: {{en: Goods}}, category: merchandise, dispute: true}}
          from: 2024-01-01
          to: null
{SOURCED}\
  love:
        - value: {{position: 2, names: {{en: Love, th: รัก}}, category: null, dispute: false}}
          from: 2024-01-01
          to: null
{SOURCED}\
numbers:
  case_kept_years:
        - value: 10
          from: 2024-01-01
          to: null
{SOURCED}"""
CATEGORIES_TEXT = f"""\
categories:
  merchandise:
        - value: {{title: Goods, group: products or services}}
          from: 2024-01-01
          to: null
{SOURCED}"""


def written(folder: Path, country: str = COUNTRY, categories: str = CATEGORIES_TEXT) -> Path:
    """Write a country called Nowhere and the categories into a folder."""
    (folder / "xx.yaml").write_text(country, encoding="utf-8")
    (folder / CATEGORIES).write_text(categories, encoding="utf-8")
    return folder


def test_nowhere_is_in_order(tmp_path: Path) -> None:
    """The files that the other tests spoil are good as they stand."""
    law = Law.load(written(tmp_path))
    assert list(law.countries) == ["XX"]
    assert law.countries["XX"].bases["victim_report"].reminders[0].hours == (24, 6)


# what is spoilt: its first occurrence, what is put there, the code, and a text of the refused line
SPOILT = [
    ("scope: amount", "scopes: amount", "law_key_unknown", "scopes:"),
    ("    title: A report", "    titel: A report", "law_key_unknown", "titel:"),
    ("          note: Until", "          notes: Until", "law_key_unknown", "notes:"),
    ("country: XX\n", "", "law_key_missing", "name: Nowhere"),
    ("            may_lift: [bank, centre]\n", "", "law_key_missing", "scope: amount"),
    ("name: Nowhere", "name: Nowhere\nname: Somewhere", "law_key_twice", "name: Somewhere"),
    ("          source: An act\n", "", "law_source_missing", "- value:"),
    ("          source_ref: A book\n", "", "law_source_missing", "- value:"),
    ("source: An act", "source:", "law_text_needed", "source:"),
    ("source: An act", "source: ' '", "law_text_needed", "source: ' '"),
    ("source: An act", "source: null", "law_text_needed", "source: null"),
    ("source: An act", "source: [An, act]", "law_text_needed", "source: [An"),
    ("source: An act", f"source: {'a' * 1001}", "law_text_wrong", "source: aaa"),
    ("source: An act", 'source: "An\\u202eact"', "law_text_wrong", "u202e"),
    ("to: 2024-12-31", "to: 2025-01-01", "law_days_overlap", "from: 2025-01-01"),
    ("to: 2024-12-31", "to: null", "law_days_overlap", "from: 2025-01-01"),
    ("from: 2025-01-01", "from: 2023-01-01", "law_days_overlap", "from: 2023-01-01"),
    ("from: 2025-01-01", "from: 2025-01-02", "law_days_gap", "from: 2025-01-02"),
    (
        "to: 2024-12-31",
        "to: 2024-12-31\n          after_gap: So",
        "law_days_gap",
        "from: 2024-01-01",
    ),
    ("to: 2024-12-31", "to: 2023-12-31", "law_days_reversed", "to: 2023-12-31"),
    ("from: 2024-01-01", "from: 2024-02-30", "law_day_wrong", "2024-02-30"),
    ("from: 2024-01-01", "from: 2567-01-01", "law_day_wrong", "2567"),
    ("from: 2024-01-01", "from: null", "law_day_wrong", "from: null"),
    ("from: 2024-01-01", "from: '2024-01-01'", "law_day_wrong", "from: '"),
    ("to: 2024-12-31", "to:", "law_day_wrong", "to:"),
    ("period_hours: 72", "period_hours: 72.5", "law_number_wrong", "72.5"),
    ("period_hours: 72", "period_hours: 0", "law_number_wrong", "period_hours: 0"),
    ("period_hours: 72", "period_hours: -1", "law_number_wrong", "period_hours: -1"),
    ("period_hours: 72", "period_hours: ๗๒", "law_number_wrong", "๗๒"),
    ("period_hours: 72", "period_hours: '72'", "law_number_wrong", "'72'"),
    ("period_hours: 72", "period_hours: 87841", "law_number_wrong", "87841"),
    ("period_hours: 72", "period_hours: null", "law_period_open", "period_hours: null"),
    ("provisional: false", "provisional: no", "law_flag_wrong", "provisional: no"),
    ("provisional: false", "provisional: 'false'", "law_flag_wrong", "provisional: 'false'"),
    ("scope: amount", "scope: everything", "law_word_unknown", "scope: everything"),
    ("counted_from: report", "counted_from: [report]", "law_word_unknown", "counted_from: ["),
    ("may_order: [bank]", "may_order: [mayor]", "law_word_unknown", "mayor"),
    ("may_order: [bank]", "may_order: [bank, bank]", "law_item_twice", "bank, bank"),
    ("may_order: [bank]", "may_order: bank", "law_list_needed", "may_order: bank"),
    ("may_order: [bank]", "may_order: []", "law_party_missing", "may_order: []"),
    (
        "extended_by: [police_order]",
        "extended_by: [luck]",
        "law_extension_unknown",
        "luck",
    ),
    ("extended_by: [police_order]", "extended_by: [Luck!]", "law_name_wrong", "Luck!"),
    ("renewals_max: 0", "renewals_max: 1", "law_renewals_wrong", "renewals_max: 1"),
    (
        "extended_by: [police_order]",
        "extended_by: [victim_report]",
        "law_renewals_wrong",
        "renewals_max: 0",
    ),
    ("value: [6, 24]", "value: [6, 48]", "law_reminder_early", "[6, 48]"),
    ("value: [6, 24]", "value: [6, 72]", "law_reminder_early", "[6, 72]"),
    ("  victim_report:", "  Victim report:", "law_name_wrong", "Victim report"),
    ("country: XX", "country: YY", "law_country_wrong", "country: YY"),
    ("country: XX", "country: xx", "law_country_wrong", "country: xx"),
    ("Asia/Bangkok", "Asia/Atlantis", "law_timezone_unknown", "Atlantis"),
    ("Asia/Bangkok", "../../etc/passwd", "law_timezone_unknown", "passwd"),
    ("category: merchandise", "category: weather", "law_category_unknown", "category: weather"),
    ("position: 2", "position: 1", "law_position_twice", "en: Love"),
    ("{en: Goods}", "{th: Goods}", "law_key_missing", "{th: Goods}"),
    ("{en: Goods}", "Goods", "law_table_needed", "names: Goods"),
    ("{en: Goods}", "{en: Goods, thai: x}", "law_key_unknown", "thai"),
    ("name: Nowhere", "name: &n Nowhere", "law_yaml_shortcut", "&n"),
    ("name: Nowhere", "name: !!str Nowhere", "law_yaml_shortcut", "!!str"),
    ("name: Nowhere", "name: *n", "law_yaml_shortcut", "*n"),
    ("name: Nowhere", "[name]: Nowhere", "law_key_not_text", "[name]"),
    ("name: Nowhere", "name: {Nowhere", "law_yaml_unreadable", "timezone:"),
    ("name: Nowhere", "name: \x07", "law_yaml_unreadable", ""),
    ("name: Nowhere", f"name: {'[' * 20}{']' * 20}", "law_yaml_deep", "[[["),
    ("numbers:\n", "---\nnumbers:\n", "law_yaml_unreadable", ""),
]


@pytest.mark.parametrize(("good", "bad", "code", "at"), SPOILT)
def test_a_spoilt_file_is_refused(tmp_path: Path, good: str, bad: str, code: str, at: str) -> None:
    """What is wrong is refused with its code, its file and its line."""
    text = COUNTRY.replace(good, bad, 1)
    assert text != COUNTRY
    with pytest.raises(LawError) as refused:
        Law.load(written(tmp_path, text))
    error = refused.value
    assert (error.code, error.fields["file"]) == (code, "xx.yaml")
    line = error.fields["line"]
    assert isinstance(line, int)
    assert at in text.splitlines()[line - 1]
    assert str(error).startswith(f"xx.yaml, line {line}: ")


def test_a_gap_is_told(tmp_path: Path) -> None:
    """Days without a value are taken where the later value says why there are such."""
    text = COUNTRY.replace(
        "from: 2025-01-01", "from: 2025-02-01\n          after_gap: No decree in January"
    )
    law = Law.load(written(tmp_path, text))
    rules = law.countries["XX"].bases["victim_report"].rules
    assert [rule.span for rule in rules] == ["2024-01-01 – 2024-12-31", "2025-02-01 –"]


def test_no_value_at_all_is_refused(tmp_path: Path) -> None:
    """A parameter without any dated value is a slip, not a silence."""
    text = COUNTRY[: COUNTRY.index("numbers:")] + "numbers:\n  case_kept_years: []\n"
    with pytest.raises(LawError) as refused:
        Law.load(written(tmp_path, text))
    assert refused.value.code == "law_value_missing"
    assert refused.value.fields["line"] == text.count("\n")


def test_no_name_at_all_is_refused(tmp_path: Path) -> None:
    """A table of names that has none is refused."""
    text = COUNTRY[: COUNTRY.index("bases:")] + "bases: {}\n"
    with pytest.raises(LawError) as refused:
        Law.load(written(tmp_path, text))
    assert (refused.value.code, refused.value.fields["line"]) == ("law_names_needed", 4)


def test_a_spoilt_list_of_categories_names_its_own_file(tmp_path: Path) -> None:
    """What is wrong with the categories is told with their file."""
    with pytest.raises(LawError) as refused:
        Law.load(written(tmp_path, categories=CATEGORIES_TEXT.replace("group", "kind")))
    assert refused.value.code == "law_key_unknown"
    assert refused.value.fields["file"] == CATEGORIES
    assert refused.value.fields["line"] == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "law_yaml_unreadable"),
        (b"# nothing\n", "law_yaml_unreadable"),
        (b"country: \xff\xfe", "law_yaml_unreadable"),
        (b"country", "law_table_needed"),
        (b"a" * (BYTES_MAX + 1), "law_file_too_large"),
    ],
)
def test_what_is_no_file_of_the_law_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    """Empty, foreign and far too large files are refused by name."""
    (written(tmp_path) / "xx.yaml").write_bytes(data)
    with pytest.raises(LawError) as refused:
        Law.load(tmp_path)
    assert refused.value.code == code
    assert refused.value.fields["file"] == "xx.yaml"


def test_a_folder_is_whole_or_refused(tmp_path: Path) -> None:
    """A folder without the categories, without a country or not there at all is refused."""
    with pytest.raises(LawError) as refused:
        Law.load(tmp_path / "nowhere")
    assert refused.value.code == "law_folder_incomplete"
    (written(tmp_path) / "xx.yaml").unlink()
    with pytest.raises(LawError) as refused:
        Law.load(tmp_path)
    assert refused.value.code == "law_folder_incomplete"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder that is called as a file is refused by name, not met as a surprise."""
    (written(tmp_path) / "yy.yaml").mkdir()
    with pytest.raises(LawError) as refused:
        Law.load(tmp_path)
    assert refused.value.code == "law_file_unreadable"
    assert refused.value.fields["file"] == "yy.yaml"


@given(st.text(alphabet="ab:-[]{}&*!#|>'\"%@` \n,?~<", max_size=60))
def test_no_text_is_met_with_a_surprise(text: str) -> None:
    """Whatever a file says, it is read or refused with a line within it."""
    try:
        read_tree("xx.yaml", text.encode())
    except LawError as error:
        line = error.fields["line"]
        assert isinstance(line, int)
        assert 1 <= line <= text.count("\n") + 2


def test_depth_is_bounded() -> None:
    """A hundred thousand brackets are refused at the bound, not followed."""
    with pytest.raises(LawError) as refused:
        read_tree("xx.yaml", b"[" * 100_000)
    assert refused.value.code == "law_yaml_deep"
    assert refused.value.fields["limit"] == DEPTH_MAX


def test_every_refusal_of_a_file_is_tested() -> None:
    """Each code that a file of the law can be refused with is met in this file or that of tiers."""
    folder = Path(holdfast.law.__file__).parent
    raised = set()
    for path in folder.glob("*.py"):
        raised |= set(
            re.findall(r'LawError\.at\(\s*[^"]*?"(law_\w+)"', path.read_text(encoding="utf-8"))
        )
    tests = Path(__file__), Path(__file__).with_name("test_tiers.py")
    here = "".join(path.read_text(encoding="utf-8") for path in tests)
    assert len(raised) > 20
    assert {code for code in raised if f'"{code}"' not in here} == set()


def test_an_error_of_the_law_is_one_of_ours() -> None:
    """Whoever handles the errors of the project handles these too."""
    assert issubclass(LawError, HoldfastError)
