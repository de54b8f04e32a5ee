"""Runs of the attacker model, chosen by chance."""

from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as from_seed
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Model
from tests.model.operator import Databases


def play(
    databases: Databases,
    tally: Counter[str],
    *,
    examples: int,
    steps: int,
    seed: int | None = None,
    shrinks: bool = True,
) -> None:
    """So many runs of so many steps, the same ones each time unless a seed is given.

    A failure is printed as the calls that lead to it, with a blob that repeats it.
    """
    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seed is None,
        database=None,
        print_blob=True,
        phases=phases,
        # Each step is many requests, so the clock of the machine says nothing about a rule.
        suppress_health_check=list(HealthCheck),
    )

    def machine() -> Model:
        return Model(databases, tally)

    factory = machine if seed is None else from_seed(seed)(machine)
    # Hypothesis calls it; the annotation asks for the class alone.
    run_state_machine_as_test(factory, settings=chosen)  # type: ignore[arg-type]  # a factory
