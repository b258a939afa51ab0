"""The two sentences of a diagnosis: whether it trains, and what simulates it or would help."""

from __future__ import annotations

from collections.abc import Sequence

from nearclifford.diagnosis.results import Region, duration

# An encoder that saves less than this factor of shots changes little.
MATTERS = 2.0


def verdict(regions: Sequence[Region], encoded: Region | None, plain: Region | None, shots: int) -> str:
    """Return what the regions say together; ``plain`` is the one that the encoded circuit is compared with."""
    return f"{_trains(regions, shots)} {_simulated(regions)}{_encoder(encoded, plain, shots)}."


def _trains(regions: Sequence[Region], shots: int) -> str:
    alive = [region for region in regions if region.state == "alive"]
    dead = [region for region in regions if region.state == "dead"]
    given = f"{shots:,} shots of each circuit"
    if not alive and len(dead) == len(regions):
        widths = f"from {_width(regions[0])} to {_width(regions[-1])} rad"
        return f"The gradient is dead at every width {widths}: {given} do not show it."
    if not alive:
        return f"No region was found where {given} are sure to show the gradient."
    best = min(alive, key=lambda region: region.most_shots)
    reach = (
        f"from {_width(alive[0])} to {_width(alive[-1])} rad" if len(alive) > 1 else f"at a width of {_width(alive[0])} rad"
    )
    least = f"about {best.shots:,.0f} shots of each circuit resolve it at {_width(best)} rad"
    beyond = [region for region in dead if region.sigma > alive[-1].sigma]
    within = [region for region in dead if region.sigma < alive[0].sigma]
    ends = [f"up to {_width(within[-1])} rad, where the centre is too flat"] if within else []
    ends += [f"from {_width(beyond[0])} rad on"] if beyond else []
    if ends:
        return f"The gradient is alive {reach} around the centre ({least}), and dead {', and '.join(ends)}."
    return f"The gradient is alive {reach} around the centre: {least}."


def _simulated(regions: Sequence[Region]) -> str:
    alive = [region for region in regions if region.state != "dead"] or list(regions)
    where = "Wherever it may train" if alive[0].state != "dead" else "All the same"
    if all(region.simulable for region in alive):
        slowest = max(alive, key=lambda region: region.classical_seconds)
        return (
            f"{where}, a classical computer does as well: a thousand values, as good as the shots, take "
            f"{duration(slowest.classical_seconds)} at most ({_method(slowest)})"
        )
    first = next(region for region in alive if not region.simulable)
    easy = [region for region in alive if region.sigma < first.sigma]
    upto = f"It is simulated classically up to {_width(easy[-1])} rad ({_method(easy[-1])})" if easy else ""
    if first.simulable is False:
        beyond = f"at {_width(first)} rad neither exact sweeps nor Pauli paths do it within the budget"
    else:
        beyond = f"at {_width(first)} rad that is not settled"
    return f"{upto}; {beyond}" if upto else f"{beyond[0].upper()}{beyond[1:]}"


def _method(region: Region) -> str:
    return region.method if region.order is None else f"{region.method} of order {region.order}"


def _encoder(encoded: Region | None, plain: Region | None, shots: int) -> str:
    if encoded is None or plain is None:
        return ""
    at = f"at {_width(plain)} rad"
    if encoded.state == "alive" and plain.state != "alive":
        return f"; an encoder would make the gradient alive {at}, with about {encoded.shots:,.0f} shots"
    if encoded.shots * MATTERS < plain.shots and encoded.state == "alive":
        return f"; an encoder would lower the shots {at} from about {plain.shots:,.0f} to {encoded.shots:,.0f}"
    if plain.shots * MATTERS < encoded.shots:
        return f"; an encoder would hurt {at}: about {encoded.shots:.3g} shots instead of {plain.shots:,.0f}"
    return f"; an encoder would change little {at}"


def _width(region: Region) -> str:
    return f"{region.sigma:.2g}"
