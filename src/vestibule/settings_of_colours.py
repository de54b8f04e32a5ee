"""Whether an operator's colour can be read. Knows no setting."""


def contrast_with_white(colour: str) -> float:
    """WCAG 2.2 contrast ratio of `#RRGGBB` with white."""
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
