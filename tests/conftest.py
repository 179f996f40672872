"""Settings of all tests of Python."""

from examples import load_profile

load_profile()
