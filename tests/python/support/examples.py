"""How many examples Hypothesis draws: few by hand, in CI as many as find something, more at night.

A profile is chosen by ``HYPOTHESIS_PROFILE=night`` or ``--hypothesis-profile=night``; else CI takes its own.
"""

import os

from hypothesis import settings

# A rule that is broken shows within a dozen logs in one of the many tests that depend on it, and golden
# tables and the tests of the core hold the same numbers in CI; what only a rare log shows is for the night.
USUAL = {"quick": 6, "ci": 15, "night": 300}


def load_profile() -> None:
    """Register the profiles, and load the one of the environment."""
    for name, most in USUAL.items():
        settings.register_profile(name, deadline=None, max_examples=most)
    # A colleague's red build must be red here too, so CI looks at the same cases every time; elsewhere the
    # search goes on from new ones.
    settings.register_profile("ci", settings.get_profile("ci"), derandomize=True, database=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "quick"))


def examples(*, ci: int, night: int) -> settings:
    """Let a test take another number of examples than the usual one; by hand it takes few in any case."""
    usual = settings.default.max_examples
    if usual < USUAL["ci"]:
        return settings(max_examples=min(ci, usual))
    return settings(max_examples=ci if usual < USUAL["night"] else night)
