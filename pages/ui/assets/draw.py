"""Draws the product's mark, wordmarks and page icon: `python pages/ui/assets/draw.py` writes them beside this file.

The mark is a receipt's open ring closed by a tick: owed, then settled.
"""

from __future__ import annotations

from pathlib import Path

import streamlit
from PIL import Image, ImageDraw, ImageFont

ACCENT = "#0F766E"
HERE = Path(__file__).parent
_RING = "M32 11a21 21 0 1 0 14.85 35.85"
_TICK = "M23 33l8 8 21-25"


def mark(colour: str = ACCENT) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
        f'<rect width="64" height="64" rx="14" fill="{colour}"/>'
        f'<g fill="none" stroke="#fff" stroke-width="6.5" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{_RING}"/><path d="{_TICK}"/></g></svg>\n'
    )


def icon(size: int = 128) -> Image.Image:
    """The mark in pixels, drawn four times too large and then made smaller, for smooth edges."""
    scale = size * 4 / 64
    image = Image.new("RGBA", (size * 4, size * 4))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, size * 4 - 1, size * 4 - 1), 14 * scale, fill=ACCENT)
    width = round(6.5 * scale)
    edge = 3.25
    box = tuple(each * scale for each in (11 - edge, 11 - edge, 53 + edge, 53 + edge))
    pen.arc(box, 45, 270, fill="white", width=width)
    points = [(23 * scale, 33 * scale), (31 * scale, 41 * scale), (52 * scale, 16 * scale)]
    pen.line(points, fill="white", width=width, joint="curve")
    for x, y in [*points, (32 * scale, 11 * scale), (46.85 * scale, 46.85 * scale)]:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill="white")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def wordmark(text_colour: str, height: int = 96) -> Image.Image:
    """The mark with the product's name beside it, in the font of the pages."""
    fonts = Path(streamlit.__file__).parent / "static" / "static" / "media"
    font = ImageFont.truetype(next(fonts.glob("SourceSansVF-Upright*.woff2")), round(height * 0.82))
    font.set_variation_by_axes([650])
    gap = round(height * 0.28)
    width = height + gap + round(font.getlength("Quittance"))
    image = Image.new("RGBA", (width + 4, height))
    image.paste(icon(height), (0, 0))
    ImageDraw.Draw(image).text((height + gap, height * 0.49), "Quittance", text_colour, font, anchor="lm")
    return image


if __name__ == "__main__":
    (HERE / "mark.svg").write_text(mark())
    icon().save(HERE / "icon.png", optimize=True)
    wordmark("#16211F").save(HERE / "wordmark-light.png", optimize=True)
    wordmark("#E6EEEC").save(HERE / "wordmark-dark.png", optimize=True)
    web = HERE.parents[2] / "web" / "assets"
    (web / "mark.svg").write_text(mark())
    icon(64).save(web / "icon.png", optimize=True)
