"""The right side of a trail picture, where the money is now, and the legend below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core.money import exponent
from holdfast.core.words import N_, say
from holdfast.documents.picture_frame import LEFT, PANEL_LEFT, RIGHT
from holdfast.documents.svg_sheet import Sheet
from holdfast.documents.trail_bands import THICKNESS_MIN
from holdfast.documents.trail_looks import INK, ClaimGroup, draw_exit
from holdfast.documents.trail_rows import RESTING, Outcome
from holdfast.documents.trail_words import EXIT_KINDS, amount_text, exit_label, exit_sentence
from holdfast.documents.visible_text import cut_middle, some_of, text_width, visible
from holdfast.trail.answer import Answer

LINE = 17.0
_SIZE = 11.0
_AMOUNT_ROOM_MAX = 122.0
_COLUMN = (RIGHT - LEFT) / 3


class Panel:
    """Draws what became of each row's money, amounts right-aligned under one another."""

    def __init__(
        self,
        sheet: Sheet,
        outcomes: Sequence[Sequence[Outcome]],
        currency: str,
        prefix: str,
        numbers: Mapping[str, str],
    ) -> None:
        self._sheet = sheet
        self._currency = currency
        self._prefix = prefix
        self._numbers = numbers
        widest = max(
            (
                text_width(amount_text(outcome.amount_minor, currency), _SIZE, bold=True)
                for row in outcomes
                for outcome in row
            ),
            default=0.0,
        )
        self._room = min(max(widest + 2, 58.0), _AMOUNT_ROOM_MAX)

    def draw(self, outcomes: Sequence[Outcome], middle: float) -> None:
        """Draw the lines of one row around its middle."""
        y = middle - (len(outcomes) - 1) * LINE / 2
        for outcome in outcomes:
            self._draw_amount(outcome, y)
            after = PANEL_LEFT + 22 + self._room + 14
            words = self._words(outcome)
            if outcome.held_minor:
                words_room = min(text_width(words, 9.5), 80.0)
                after = self._draw_held(outcome, after, y, RIGHT - after - words_room - 24)
            room = RIGHT - after - 2
            self._sheet.text(after, y + 3.6, words, size=9.5, room=room, hint=words, fill="#333")
            y += LINE

    def _draw_amount(self, outcome: Outcome, y: float) -> None:
        left = PANEL_LEFT + 20
        if outcome.kind == RESTING:
            self._sheet.add(
                "rect",
                x=left - 4,
                y=y - 7.5,
                width=self._room + 12,
                height=15,
                fill="#fff",
                stroke=INK,
                stroke_width=1.7,
            )
        else:
            draw_exit(self._sheet, outcome.kind, PANEL_LEFT + 4, y, size=0.85)
        self._sheet.text(
            left + 2 + self._room,
            y + 4,
            amount_text(outcome.amount_minor, self._currency),
            size=_SIZE,
            room=self._room,
            whole=True,
            text_anchor="end",
            font_weight="bold" if outcome.kind == RESTING else None,
        )

    def _draw_held(self, outcome: Outcome, left: float, y: float, room: float) -> float:
        words = say(N_("HELD {amount}"), amount=amount_text(outcome.held_minor, self._currency))
        inner = min(text_width(words, 10, bold=True), room)
        self._sheet.add(
            "rect",
            x=left,
            y=y - 7.5,
            width=inner + 14,
            height=15,
            fill=f"url(#{self._prefix}-held)",
            stroke=INK,
            stroke_width=1.7,
        )
        self._sheet.add("rect", x=left + 5, y=y - 6, width=inner + 4, height=12, fill="#fff")
        self._sheet.text(
            left + 7, y + 3.6, words, size=10, room=inner, whole=True, font_weight="bold"
        )
        return left + inner + 20

    def _words(self, outcome: Outcome) -> str:
        """Say after an amount how it left, whose it is and how far it came."""
        parts = []
        if outcome.kind != RESTING:
            parts.append(exit_label(outcome.kind))
        if len(outcome.claims) == 1 and len(self._numbers) > 1:
            parts.append(say(N_("claim {number}"), number=self._numbers[outcome.claims[0]]))
        if outcome.places > len(outcome.claims):
            parts.append(say(N_("{count} amounts"), count=outcome.places))
        if len(outcome.claims) > 1:
            parts.append(say(N_("{count} claims"), count=len(outcome.claims)))
        if outcome.kind == RESTING and outcome.hop is not None:
            parts.append(say(N_("hop {hop}"), hop=outcome.hop))
        return ", ".join(parts)


def draw_legend(
    sheet: Sheet,
    answer: Answer,
    groups: Sequence[ClaimGroup],
    *,
    top: float,
    scale: float,
    prefix: str,
) -> float:
    """Draw what the marks mean in three columns; return the height below them."""
    sheet.text(LEFT + 6, top, say(N_("How to read this picture")), size=12.5, font_weight="bold")
    top += 22
    return max(
        _draw_claims(sheet, answer, groups, LEFT + 6, top, prefix),
        _draw_marks(sheet, answer, LEFT + 6 + _COLUMN, top, prefix),
        _draw_reading(sheet, answer, LEFT + 6 + 2 * _COLUMN, top, scale),
    )


def _draw_claims(
    sheet: Sheet,
    answer: Answer,
    groups: Sequence[ClaimGroup],
    x: float,
    y: float,
    prefix: str,
) -> float:
    for place, group in enumerate(groups):
        fill = f"url(#{prefix}-claim-{place})"
        look = group.look
        sheet.add(
            "rect", x=x, y=y - 9, width=30, height=12, fill=fill, stroke=look.ink, stroke_width=0.8
        )
        sheet.add(
            "line",
            x1=x + 34,
            y1=y - 3,
            x2=x + 62,
            y2=y - 3,
            stroke=look.ink,
            stroke_width=1.6,
            stroke_dasharray=look.dashes,
        )
        hint = some_of(tuple(claim.transfer_id for claim in group.claims), 50)[0]
        with sheet.group(hint=hint):
            y = sheet.paragraph(
                x + 70, y, _claim_words(answer, group), width=_COLUMN - 84, size=10.5
            )
        y += 2
    return y


def _claim_words(answer: Answer, group: ClaimGroup) -> str:
    amount = amount_text(group.amount_minor, answer.currency)
    if group.shared:
        numbers, more = some_of(tuple(str(number) for number in group.numbers), 12)
        sentence = (
            N_("the smallest claims together ({count}), {amount} {currency}: {numbers} and more")
            if more
            else N_("the smallest claims together ({count}), {amount} {currency}: {numbers}")
        )
        return say(
            sentence,
            count=len(group.claims),
            amount=amount,
            currency=answer.currency,
            numbers=numbers,
        )
    claim = group.claims[0]
    shown = cut_middle(visible(claim.transfer_id), 40)
    if claim.reported_minor == claim.amount_minor:
        return say(
            N_("claim {number}: {name}, {amount} {currency}"),
            number=group.label,
            name=shown,
            amount=amount,
            currency=answer.currency,
        )
    return say(
        N_(
            "claim {number}: {name}, {amount} {currency} of {reported} paid; the rest of it is "
            "money of earlier claims"
        ),
        number=group.label,
        name=shown,
        amount=amount,
        currency=answer.currency,
        reported=amount_text(claim.reported_minor, answer.currency),
    )


def _draw_marks(sheet: Sheet, answer: Answer, x: float, y: float, prefix: str) -> float:
    width = _COLUMN - 54
    if answer.resting:
        _box(sheet, x, y, "#fff")
        words = say(N_("Rests here now: an order is for this amount, never for the account."))
        y = sheet.paragraph(x + 40, y, words, width=width, size=10.5) + 3
    if any(place.held_minor for place in answer.resting):
        _box(sheet, x, y, f"url(#{prefix}-held)")
        words = say(N_("HELD: the bank has confirmed that it holds this part of it."))
        y = sheet.paragraph(x + 40, y, words, width=width, size=10.5) + 3
    used = {way_out.kind for way_out in answer.exits}
    for kind in (*EXIT_KINDS, *sorted(used.difference(EXIT_KINDS))):
        if kind in used:
            draw_exit(sheet, kind, x + 16, y - 4, size=0.85)
            y = sheet.paragraph(x + 40, y, exit_sentence(kind), width=width, size=10.5) + 3
    return y


def _box(sheet: Sheet, x: float, y: float, fill: str) -> None:
    sheet.add("rect", x=x, y=y - 11, width=32, height=15, fill=fill, stroke=INK, stroke_width=1.7)


def _draw_reading(sheet: Sheet, answer: Answer, x: float, y: float, scale: float) -> float:
    if scale and answer.currency is not None:
        sample_minor = _round_amount(scale, answer.currency)
        thick = sample_minor * scale
        sheet.add("rect", x=x, y=y - 4 - thick / 2, width=32, height=thick, fill="#777")
        words = say(
            N_(
                "{amount} {currency}; thickness grows evenly with the amount, the thinnest line "
                "stands for {least} or less"
            ),
            amount=amount_text(sample_minor, answer.currency),
            currency=answer.currency,
            least=amount_text(round(THICKNESS_MIN / scale), answer.currency),
        )
        y = sheet.paragraph(x + 40, y, words, width=_COLUMN - 54, size=10.5) + 3
    for sentence in (
        N_(
            "A black circle is a victim's payment, with the number of its claim. From there a "
            "ribbon follows each transfer: it leaves the paying account, runs up or down at its "
            "time and joins the receiving account."
        ),
        N_(
            "Time runs from left to right, but not evenly: quiet stretches are drawn shorter, "
            "long ones are shaded and their length is written at //. The times written at the "
            "axis are exact."
        ),
        N_(
            "All numbers of this picture, and those that found no room in it, are in the table "
            "of the same trail."
        ),
    ):
        y = sheet.paragraph(x, y, say(sentence), width=_COLUMN - 14, size=10.5) + 3
    return y


def _round_amount(scale: float, currency: str) -> int:
    """Return a round amount in minor units that is drawn at most 12 pixels thick."""
    unit = 10 ** exponent(currency)
    room = int(12 / scale)
    best = 1
    for power in range(len(str(room))):
        for digit in (1, 2, 5):
            sample = digit * 10**power
            if sample <= room:
                best = sample
    return best if best < unit else best // unit * unit
