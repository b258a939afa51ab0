"""Settings that every test shares."""

from hypothesis import settings

settings.register_profile("nearclifford", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("nearclifford")
