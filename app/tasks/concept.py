"""Writing the concept of an image from its measures, by rules."""

from typing import Any

from app.tasks.advice import best_practices
from app.tasks.layout import Layout, Region
from app.tasks.measures import Measures, covers_all, kind, place
from app.tasks.palette import Color, contrast, name_of, strongest_pair
from app.tasks.tone import Tone
from app.tasks.words import article, join_words, percent, pick

NOTE = "No model was used: everything here was measured in the image and follows by rules."
BANNER, TALL = 2.4, 0.45  # width by height


def write(measures: Measures, ad_archive_id: str) -> dict[str, Any]:
    """The concept, in the shape of `providers/concept.schema.json` and with the measures beside it."""
    return {
        "title": title(measures),
        "summary": summary(measures),
        "details": {
            "elements": [element(region, measures.layout) for region in measures.layout.regions],
            "composition": composition(measures),
            "image": image_facts(measures, ad_archive_id),
            "measures": numbers(measures),
        },
        "visual_flow": visual_flow(measures.layout),
        "visual_tone": visual_tone(measures.tone),
        "color_palette": [palette_entry(color, measures.layout) for color in measures.colors],
        "spacing_strategy": spacing_strategy(measures.layout),
        "best_practices": best_practices(measures),
    }


# The whole


def title(measures: Measures) -> str:
    words = f"{orientation(measures.ratio)} image"
    regions = measures.layout.regions
    background = name_of(measures.layout.background)
    if not regions:
        return f"{words}, plain {background}"
    first = regions[0]
    if covers_all(first):
        return f"{words}, filled by {article(kind(first))} in {name_of(first.rgb)}"
    return f"{words}: {name_of(first.rgb)} {kind(first)} on {background}"


def summary(measures: Measures) -> str:
    picture, colors = measures.picture, measures.colors
    named = join_words(list(dict.fromkeys(f"{color.name}" for color in colors[:3])))
    sentences = [
        f"{article(picture.format, upper=True)} image of {picture.width} × {picture.height} pixels"
        f" ({measures.shape}), mostly {named}.",
        f"It is {visual_tone(measures.tone).rstrip('.').lower()}.",
    ]
    regions = len(measures.layout.regions)
    if regions:
        parts = "One part draws" if regions == 1 else f"{regions} parts draw"
        sentences.append(f"{parts} the eye; {percent(measures.layout.calm)} of the area is calm.")
    else:
        sentences.append("Nothing in it stands out.")
    return " ".join(sentences)


def orientation(ratio: float) -> str:
    if ratio >= BANNER:
        return "Wide banner"
    if ratio <= TALL:
        return "Tall, narrow"
    if 0.95 <= ratio <= 1.05:
        return "Square"
    return "Landscape" if ratio > 1 else "Portrait"


def composition(measures: Measures) -> str:
    regions = measures.layout.regions
    if not regions:
        return f"An even {name_of(measures.layout.background)} area without anything in it."
    if covers_all(regions[0]):
        return "The picture fills the frame from edge to edge; no background is left around it."
    balance = sum(region.weight * ((region.left + region.right) / 2 - 0.5) for region in regions)
    side = (
        "balanced around the vertical axis"
        if abs(balance) < 0.08
        else f"heavier on the {'right' if balance > 0 else 'left'}"
    )
    parts = f"{len(regions)} separate part{'s' if len(regions) > 1 else ''}"
    return f"{parts.capitalize()} on {article(name_of(measures.layout.background))} background, {side}."


def visual_flow(layout: Layout) -> str:
    if not layout.regions:
        return "Nothing draws the eye: the image has no focal point."
    first, *others = layout.regions
    steps = [
        f"The eye starts at the {name_of(first.rgb)} {kind(first)} {place(first)}"
        f" ({percent(first.weight)} of what draws it)"
    ]
    steps += [
        f"then goes to the {name_of(region.rgb)} {kind(region)} {place(region)}" for region in others[:3]
    ]
    return ", ".join(steps) + "."


def visual_tone(tone: Tone) -> str:
    words = [
        pick(
            tone.brightness,
            (0.25, "dark"),
            (0.45, "rather dark"),
            (0.65, "of medium brightness"),
            (0.85, "bright"),
            (2, "very bright"),
        ),
        pick(
            tone.contrast,
            (0.15, "flat"),
            (0.35, "of soft contrast"),
            (0.6, "of clear contrast"),
            (2, "of strong contrast"),
        ),
        pick(
            tone.saturation, (0.03, "colourless"), (0.2, "muted"), (0.5, "moderately saturated"), (2, "vivid")
        ),
    ]
    if tone.saturation >= 0.03:
        words.append(pick(tone.warmth, (-0.05, "cool"), (0.05, "neutral in temperature"), (2, "warm")))
    return join_words(words).capitalize() + "."


def spacing_strategy(layout: Layout) -> str:
    how = pick(
        layout.calm,
        (0.1, "Hardly any empty space"),
        (0.35, "Tight spacing"),
        (0.65, "Moderate empty space"),
        (2, "Generous empty space"),
    )
    sentence = f"{how}: {percent(layout.calm)} of the area is calm."
    if layout.margins is None:
        return f"{sentence} There is nothing to keep a distance from."
    if max(layout.margins) < 0.02:
        return f"{sentence} Content runs to every edge."
    names = ("top", "right", "bottom", "left")
    sides = ", ".join(f"{name} {percent(margin)}" for name, margin in zip(names, layout.margins, strict=True))
    even = max(layout.margins) - min(layout.margins) < 0.05
    return f"{sentence} Margins {'are even' if even else 'differ'}: {sides}."


# Its parts


def element(region: Region, layout: Layout) -> dict[str, Any]:
    ratio = contrast(region.rgb, layout.background)
    return {
        "type": kind(region),
        "position": place(region),
        "description": (
            f"{name_of(region.rgb).capitalize()} {kind(region)} {place(region)},"
            f" {percent(region.width)} of the width and {percent(region.height)} of the height;"
            f" contrast to the background {ratio:.1f}:1."
        ),
        "colors": ["#{:02x}{:02x}{:02x}".format(*region.rgb)],
        "box": {
            "x": round(region.left, 3),
            "y": round(region.top, 3),
            "width": round(region.width, 3),
            "height": round(region.height, 3),
        },
        "visual_weight": round(region.weight, 3),
    }


def palette_entry(color: Color, layout: Layout) -> dict[str, Any]:
    ratio = contrast(color.rgb, layout.background)
    is_background = ratio < 1.15 and color.share > 0.1
    role = (
        "background"
        if is_background
        else "dominant"
        if color.share >= 0.25
        else "supporting"
        if color.share >= 0.05
        else "accent"
    )
    return {
        "hex": color.hex,
        "name": color.name,
        "role": role,
        "share": round(color.share, 3),
        "contrast_to_background": round(ratio, 2),
    }


# Facts


def image_facts(measures: Measures, ad_archive_id: str) -> dict[str, Any]:
    picture = measures.picture
    return {
        "ad_archive_id": ad_archive_id,
        "format": picture.format,
        "width": picture.width,
        "height": picture.height,
        "aspect_ratio": measures.shape,
        "bytes": picture.byte_size,
        "is_animated": picture.is_animated,
        "transparent_share": round(picture.transparent_share, 3),
    }


def numbers(measures: Measures) -> dict[str, Any]:
    tone, layout = measures.tone, measures.layout
    pair = strongest_pair(measures.colors)
    return {
        "brightness": round(tone.brightness, 3),
        "contrast": round(tone.contrast, 3),
        "saturation": round(tone.saturation, 3),
        "warmth": round(tone.warmth, 3),
        "whitespace": round(layout.calm, 3),
        "detail": round(layout.detail, 3),
        "strongest_contrast": round(pair[2], 2) if pair else 1.0,
    }
