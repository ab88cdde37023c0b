"""Property tests by the hundred, each as slow as a busy machine makes it."""

from hypothesis import settings

settings.register_profile("netcore", deadline=None)
settings.load_profile("netcore")
