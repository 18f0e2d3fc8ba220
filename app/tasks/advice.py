"""Advice on an image: what to keep and what to change, by rules."""

from app.tasks.layout import Layout
from app.tasks.measures import SHAPES, Measures, kind
from app.tasks.palette import AA_LARGE, AA_TEXT, AAA_TEXT, Color, strongest_pair
from app.tasks.words import percent, pick

SHARP_PIXELS = 600  # shorter side that looks sharp in a feed on today's telephones


def best_practices(measures: Measures) -> list[str]:
    """What to keep and what to change; at least one sentence for every image."""
    advice = [
        advice_on_contrast(measures.colors),
        advice_on_shape(measures),
        advice_on_space(measures.layout),
    ]
    picture, tone = measures.picture, measures.tone
    if min(picture.width, picture.height) < SHARP_PIXELS:
        advice.append(
            f"The shorter side has {min(picture.width, picture.height)} pixels;"
            f" use at least {SHARP_PIXELS} to look sharp in a feed."
        )
    if tone.hues == 0:
        advice.append(
            "There is no colour but greys: one saturated accent would lead the eye to what matters."
        )
    elif tone.hues >= 5:
        advice.append(f"{tone.hues} hues compete: keep two or three and use the rest sparingly.")
    texts = sum(
        region.width * region.height for region in measures.layout.regions if kind(region) == "text block"
    )
    if texts > 0.2:
        advice.append(
            f"What looks like text takes about {percent(texts)} of the area: say it in fewer words."
        )
    if picture.transparent_share > 0.01:
        advice.append(
            f"{percent(picture.transparent_share)} of the area is transparent: look at it on a dark page too."
        )
    if picture.is_animated:
        advice.append(
            "The image is animated; only its first frame was read, and it is what many placements show."
        )
    return advice


def advice_on_contrast(colors: list[Color]) -> str:
    pair = strongest_pair(colors)
    if pair is None:
        return "There is one colour only: text on it needs a second one that contrasts by 4.5:1 or more."
    one, other, ratio = pair
    words = f"{one.name} with {other.name}" if one.name != other.name else f"{one.hex} with {other.hex}"
    verdict = pick(
        ratio,
        (AA_LARGE, "too little even for large text (WCAG AA asks for 3:1)"),
        (AA_TEXT, "enough for large text only (WCAG AA)"),
        (AAA_TEXT, "enough for text of any size (WCAG AA)"),
        (22, "plenty for text of any size (WCAG AAA)"),
    )
    return f"The strongest contrast is {words}, {ratio:.1f}:1: {verdict}."


def advice_on_shape(measures: Measures) -> str:
    if measures.shape in SHAPES:
        return f"The shape {measures.shape} suits {SHAPES[measures.shape][1]}."
    return (
        f"The shape {measures.shape} is none of the usual ones: most placements will crop it or leave bars."
    )


def advice_on_space(layout: Layout) -> str:
    if not layout.regions:
        return "Add one clear subject: there is no focal point."
    if layout.calm < 0.1:
        return "Leave a calm area for text: everything is busy."
    first = layout.regions[0]
    if len(layout.regions) > 1 and first.weight < 0.35:
        return "Several parts draw the eye alike: make one of them larger or stronger than the others."
    return "One part leads clearly; keep what surrounds it calm."
