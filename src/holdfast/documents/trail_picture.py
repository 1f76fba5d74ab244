"""The picture of a trail: time from left to right, one lane a bank, thickness by amount.

It is drawn on the server as standalone SVG, readable in black and white, and everything in it
is also in the table of the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.core.words import N_, say
from holdfast.documents.exposure_picture import draw_exposure
from holdfast.documents.picture_frame import (
    LEFT,
    PANEL_LEFT,
    PLOT_RIGHT,
    RIGHT,
    WIDTH,
    draw_axis,
    draw_head,
    draw_lanes,
    shown_title,
)
from holdfast.documents.svg_sheet import Sheet
from holdfast.documents.trail_labels import draw_amounts, draw_origins, draw_ways_out
from holdfast.documents.trail_looks import define_looks
from holdfast.documents.trail_panel import Panel, draw_legend
from holdfast.documents.trail_plan import Plan, plan_picture
from holdfast.documents.trail_ribbons import (
    THIN,
    band_paths,
    draw_arrow,
    draw_faint,
    draw_flow,
    step_xs,
)
from holdfast.documents.trail_rows import RESTING
from holdfast.documents.trail_words import (
    amount_text,
    notices,
    rule_sentence,
    time_text,
    total_sentence,
)
from holdfast.documents.visible_text import visible
from holdfast.trail.answer import Answer
from holdfast.trail.question import Rule

SUMMARY_PLACES = 12
"""Resting places that the spoken description of a picture names, the largest first."""


def draw_trail(answer: Answer, *, title: str = "", names: Mapping[str, str] = {}) -> str:
    """Return a trail as a complete SVG text; the same answer gives the same bytes.

    `names` gives the names of accounts and banks by account (`TH.THCBC.004.0123456789`) or bank
    (`TH.THCBC.004`); they are shown beside the identifiers.
    """
    if answer.rule is Rule.POISON:
        return draw_exposure(answer, title=title, names=names)
    if not answer.currency or not answer.hops:
        return _draw_nothing(answer, title)
    sheet = Sheet()
    prefix = f"trail-{answer.rule.value}"
    top = draw_head(sheet, answer, title, total_sentence(answer))
    plan = plan_picture(answer, names, top)
    define_looks(sheet, plan.groups, prefix)
    _draw_ground(sheet, answer, plan, names)
    _draw_flows(sheet, answer, plan, prefix)
    _draw_bands(sheet, plan, prefix)
    _draw_marks(sheet, plan)
    numbers = {claim.transfer_id: str(place) for place, claim in enumerate(answer.claims, start=1)}
    panel = Panel(sheet, plan.outcomes, answer.currency, prefix, numbers)
    _draw_bank_sums(sheet, plan)
    for outcomes, row in zip(plan.outcomes, plan.rows, strict=True):
        panel.draw(outcomes, row.middle)
    y = _draw_left_out(sheet, answer, plan)
    y = draw_legend(sheet, answer, plan.groups, top=y + 10, scale=plan.scale, prefix=prefix)
    return sheet.document(
        width=WIDTH,
        height=y + 8,
        title=shown_title(title),
        summary=_summary(answer),
        prefix=prefix,
    )


def _draw_nothing(answer: Answer, title: str) -> str:
    sheet = Sheet()
    words = (
        total_sentence(answer)
        if answer.claims
        else say(N_("Nothing to draw yet: none of the claimed payments is in the ledger."))
    )
    y = draw_head(sheet, answer, title, words)
    return sheet.document(
        width=WIDTH,
        height=y + 20,
        title=shown_title(title),
        summary=" ".join([words, *notices(answer)]),
        prefix=f"trail-{answer.rule.value}",
    )


def _draw_ground(sheet: Sheet, answer: Answer, plan: Plan, names: Mapping[str, str]) -> None:
    draw_lanes(sheet, plan.lanes, names)
    top = plan.lanes[0].top if plan.lanes else plan.bottom
    draw_axis(sheet, plan.axis, top, plan.bottom)
    words = (
        say(N_("Where the money is now"))
        if answer.as_of_us is None
        else say(N_("Where the money is at {time}"), time=time_text(answer.as_of_us))
    )
    sheet.text(PANEL_LEFT, top - 23, words, size=11, room=RIGHT - PANEL_LEFT, font_weight="bold")


def _draw_bank_sums(sheet: Sheet, plan: Plan) -> None:
    """Write beside each bank with several resting places what rests there in all."""
    outcomes = iter(plan.outcomes)
    for lane in plan.lanes:
        found = [
            outcome for _ in lane.rows for outcome in next(outcomes) if outcome.kind == RESTING
        ]
        if len(found) > 1:
            held_minor = sum(outcome.held_minor for outcome in found)
            words = say(
                N_("together {amount} resting, {held} held")
                if held_minor
                else N_("together {amount} resting"),
                amount=plan.amount(sum(outcome.amount_minor for outcome in found)),
                held=plan.amount(held_minor),
            )
            sheet.text(
                PANEL_LEFT, lane.top + 12, words, size=10, room=RIGHT - PANEL_LEFT - 2, whole=True
            )


def _draw_flows(sheet: Sheet, answer: Answer, plan: Plan, prefix: str) -> None:
    for place in plan.faint:
        draw_faint(
            sheet,
            plan.flows[place],
            plan.bands.ribbons[place],
            x=plan.axis.xs[place],
            bend=plan.bend,
            tops=plan.tops,
        )
    for place in plan.drawn:
        flow = plan.flows[place]
        hop = flow.hop
        hint = say(
            N_("{transfer}, {time}: {amount} {currency} from {debit} to {credit}"),
            transfer=visible(hop.transfer_id),
            time=time_text(hop.time_us),
            amount=amount_text(flow.amount_minor, answer.currency),
            currency=answer.currency,
            debit=visible(hop.debit_account),
            credit=visible(hop.credit_account),
        )
        with sheet.group(hint=hint):
            draw_flow(
                sheet,
                flow,
                plan.bands.ribbons[place],
                x=plan.axis.xs[place],
                bend=plan.bend,
                tops=plan.tops,
                looks=(plan.groups, prefix),
            )


def _draw_bands(sheet: Sheet, plan: Plan, prefix: str) -> None:
    for row, steps in sorted(plan.bands.steps.items()):
        xs = step_xs(steps, plan.axis.xs, plan.halves, plan.bend)
        for group, path in sorted(band_paths(steps, xs, plan.tops[row], PLOT_RIGHT).items()):
            ink = plan.groups[group].look.ink
            thickest = max(dict(step.thickness).get(group, 0.0) for step in steps)
            if thickest < THIN:
                sheet.add("path", d=path, fill=ink)
            else:
                fill = f"url(#{prefix}-claim-{group})"
                sheet.add("path", d=path, fill=fill, stroke=ink, stroke_width=0.8)


def _draw_marks(sheet: Sheet, plan: Plan) -> None:
    for place in plan.drawn:
        flow = plan.flows[place]
        x = plan.axis.xs[place] + plan.reach(place)
        ribbons = plan.bands.ribbons[place]
        offset = sum(ribbon.to_offset for ribbon in ribbons) / len(ribbons)
        draw_arrow(sheet, x + 1, plan.tops[flow.target] + offset, 2 * plan.halves[place])
    draw_origins(sheet, plan)
    draw_ways_out(sheet, plan)
    draw_amounts(sheet, plan)


def _draw_left_out(sheet: Sheet, answer: Answer, plan: Plan) -> float:
    """Say what the picture does not show; return the height below it."""
    y = plan.bottom + 28
    sentences = []
    if plan.inside:
        sentences.append(
            say(
                N_("Not drawn: transfers between accounts of one folded row ({count})."),
                count=plan.inside,
            )
        )
    if plan.faint:
        sentences.append(
            say(
                N_("Drawn as faint grey lines: smaller transfers ({count}, none above {amount})."),
                count=len(plan.faint),
                amount=plan.amount(plan.flows[plan.faint[0]].amount_minor),
            )
        )
    left_out = sorted(set(range(len(plan.flows))).difference(plan.drawn, plan.faint))
    if left_out:
        total = sum(plan.flows[place].amount_minor for place in left_out)
        sentences.append(
            say(
                N_("Not drawn: the smallest transfers ({count}, together {amount} {currency})."),
                count=len(left_out),
                amount=amount_text(total, answer.currency),
                currency=answer.currency,
            )
        )
    if sentences:
        sentences.append(say(N_("The CSV table has them all.")))
        y = sheet.paragraph(
            LEFT + 6, y, " ".join(sentences), width=RIGHT - LEFT - 12, size=11, font_style="italic"
        )
    return y


def _summary(answer: Answer) -> str:
    """Say in words what the picture shows, for those who do not see it."""
    largest = sorted(answer.resting, key=lambda place: -place.amount_minor)
    places = [
        say(
            N_("{amount} {currency} rests in {account}, {held} of it held."),
            amount=amount_text(place.amount_minor, answer.currency),
            currency=answer.currency,
            account=visible(place.account),
            held=amount_text(place.held_minor, answer.currency),
        )
        for place in largest[:SUMMARY_PLACES]
    ]
    more = len(largest) - SUMMARY_PLACES
    if more > 0:
        places.append(say(N_("Further resting places, in the table: {count}."), count=more))
    head = say(
        N_("{rule}. {total}."), rule=rule_sentence(answer.rule), total=total_sentence(answer)
    )
    return " ".join([head, *places, *notices(answer)])
