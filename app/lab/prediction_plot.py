"""Predicted against real PSNR as an SVG: a dot a schedule, filled where it was held, hollow where forecast."""

from app.lab.prediction_fit import PredictionFit

SIDE, LEFT, TOP, BOTTOM = 420, 52, 16, 44
HELD, FORECAST = "#e8470a", "#39408f"


def predicted_against_real(fit: PredictionFit) -> str:
    """Every pair of a fit with its held-out prediction."""
    values = [db for pair in fit.pairs for db in (pair.real_db, pair.predicted_db or 0.0)]
    low, high = 5 * (min(values) // 5), 5 * (max(values) // 5 + 1)

    def place(db: float) -> float:
        return (db - low) / (high - low) * SIDE

    def x(db: float) -> float:
        return LEFT + place(db)

    def y(db: float) -> float:
        return TOP + SIDE - place(db)

    parts = [f'<rect width="{LEFT + SIDE + 16}" height="{TOP + SIDE + BOTTOM}" fill="#fff"/>']
    for tick in range(int(low), int(high) + 1, 5):
        parts += [
            f'<path d="M{x(tick):.1f},{TOP} v{SIDE} M{LEFT},{y(tick):.1f} h{SIDE}" stroke="#e2e6ec"/>',
            _text(x(tick), TOP + SIDE + 16, str(tick), "middle"),
            _text(LEFT - 8, y(tick) + 4, str(tick), "end"),
        ]
    parts.append(f'<path d="M{x(low)},{y(low)} L{x(high)},{y(high)}" stroke="#5b6675" stroke-dasharray="5 4"/>')
    for pair in fit.pairs:
        colour = HELD if pair.reuse == "hold" else FORECAST
        fill = colour if pair.reuse == "hold" else "none"
        parts.append(
            f'<circle cx="{x(pair.real_db):.1f}" cy="{y(pair.predicted_db or 0.0):.1f}" r="3" fill="{fill}" '
            f'stroke="{colour}" opacity="0.75"/>'
        )
    middle = TOP + SIDE / 2
    told = f"Spearman {fit.correlation:.2f}, mean absolute error {fit.mean_error_db:.1f} dB"
    parts += [
        _text(LEFT + SIDE / 2, TOP + SIDE + 36, "real PSNR (dB)", "middle"),
        _text(14, middle, "predicted PSNR (dB)", "middle", f' transform="rotate(-90 14 {middle})"'),
        _text(LEFT + 10, TOP + 18, told, "start"),
        _text(LEFT + 10, TOP + 36, "filled: held, hollow: forecast", "start"),
    ]
    width, height = LEFT + SIDE + 16, TOP + SIDE + BOTTOM
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-size="12">\n{body}\n</svg>\n'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333c49"{more}>{text}</text>'
